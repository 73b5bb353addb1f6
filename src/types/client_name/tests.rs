use super::*;

fn parse(text: &str) -> Result<Option<String>, ClientNameError> {
    ClientName::parse(text, 128).map(|name| name.map(|name| name.as_str().to_owned()))
}

#[test]
fn ordinary_names_of_many_scripts_pass() {
    for name in [
        "My Dynamic Application",
        "O'Reilly & Sons - Notes (beta)",
        "天気アプリ",
        "Gоogle",
        "می\u{200c}خواهم",
        "ക്\u{200d}",
        "क्\u{200d}ष",
        "র\u{200d}\u{9cd}যাম",
        "ರ\u{200d}\u{ccd}ಯಾಂಕ್",
        "ه\u{200d}.ق",
        "\u{600}123",
        "👩\u{200d}💻 Tools",
        "👩\u{200d}⚕\u{fe0f}",
        "👩🏽\u{200d}🚀",
        "❤\u{fe0f} App",
        "🏳\u{fe0f}\u{200d}🌈",
        "1\u{fe0f}\u{20e3} Password",
        "葛\u{e0100}城",
        "ᠮᠣᠩᠭ\u{180b}",
        "Tiếng Việt",
        "שָׁלוֹם",
        "ABC \u{200f}(\u{5d0}\u{5d1}\u{5d2})",
        "\u{61c}123 \u{645}\u{631}",
        "\u{5d0}\u{200e}!",
        "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f} Pubs",
        "Caber 🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
        "🏴\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}",
    ] {
        assert_eq!(parse(name), Ok(Some(name.to_owned())), "{name}");
    }
}

#[test]
fn invisible_characters_are_refused_where_no_script_needs_them() {
    for name in [
        "Goo\u{200b}gle",
        "Goo\u{200c}gle",
        "Goo\u{200d}gle",
        "\u{feff}Google",
        "Goo\u{ad}gle",
        "Goog\u{fe0f}le",
        "App 1\u{fe0f}",
        "\u{200d}👩",
        "👩\u{200d}",
        "👩\u{200d}x",
        "می\u{200c}",
        "\u{3164}",
        "a\u{115f}b",
        "Goo\u{2060}gle",
        "Goo\u{34f}gle",
        "\u{e0041}",
        "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}",
        "🏴\u{e0067}\u{e0062}\u{e006e}\u{e0069}\u{e0072}\u{e007f}",
        "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}\u{e007f}",
        "🏁\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
        "\u{e000}",
        "\u{fffe}",
        "葛\u{fe0f}",
        "a\u{fff9}b",
        "Goo\u{13430}gle",
        "Goo\u{94d}\u{200d}gle",
        "A©\u{200d}©B",
        "ᠮᠣᠩᠭ\u{180b}\u{180b}",
        "ᠮᠣᠩᠭ\u{180e}\u{180c}",
        "©\u{200d}™",
        "می\u{200d}خواهم",
    ] {
        assert_eq!(
            parse(name),
            Err(ClientNameError::InvisibleCharacter),
            "{name:?}"
        );
    }
}

#[test]
fn controls_and_direction_changes_are_refused() {
    for name in [
        "a\u{7}b",
        "a\nb",
        "a\tb",
        "a\r\nb",
        "a\0b",
        "a\u{85}b",
        "a\u{2028}b",
        "Corpus \u{202e}elgooG",
        "a\u{2066}b",
        "a\u{200f}b",
        "a\u{61c}b",
    ] {
        assert_eq!(
            parse(name),
            Err(ClientNameError::ControlCharacter),
            "{name:?}"
        );
    }
}

#[test]
fn angle_brackets_in_any_form_are_refused() {
    for name in [
        "<b>",
        "a>b",
        "\u{ff1c}script\u{ff1e}",
        "\u{fe64}b",
        "a<\u{338}b",
        "天<",
    ] {
        assert_eq!(parse(name), Err(ClientNameError::AngleBracket), "{name:?}");
    }
}

#[test]
fn white_space_around_a_name_is_trimmed() {
    for text in [
        "  My App \u{3000}",
        "My App\n",
        "\tMy App\r\n",
        "\u{2028}My App\u{85}\u{b}",
    ] {
        assert_eq!(parse(text), Ok(Some("My App".to_owned())), "{text:?}");
    }
    for blank in ["", " \u{a0} ", "\n", "\t\u{2003}\r\n"] {
        assert_eq!(parse(blank), Ok(None), "{blank:?}");
    }
}

#[test]
fn each_run_of_spaces_becomes_one() {
    for text in [
        "My  App",
        "My\u{a0}App",
        "My\u{3000} \u{2007}\u{202f}App",
        &format!("My{}App", "\u{2000}".repeat(10_000)),
    ] {
        assert_eq!(parse(text), Ok(Some("My App".to_owned())), "{text:?}");
    }
}

#[test]
fn unassigned_code_points_are_refused() {
    for name in ["Acme \u{378} Notes", "\u{2fe0}", "a\u{50000}"] {
        let unassigned = Err(ClientNameError::UnassignedCharacter);
        assert_eq!(parse(name), unassigned, "{name:?}");
    }
}

#[test]
fn blanks_other_than_spaces_are_refused() {
    for blank in BLANKS {
        let name = format!("Example{blank}Bank");
        assert_eq!(parse(&name), Err(ClientNameError::BlankCharacter));
        assert_eq!(
            parse(&blank.to_string()),
            Err(ClientNameError::NothingVisible)
        );
    }
}

#[test]
fn a_mark_needs_a_base() {
    for name in [
        "\u{301}Acme",
        "Acme \u{301}Notes",
        " \u{a0}\u{941}Acme",
        "Acme\u{2003}\u{20dd}",
        "\u{5d0} \u{200f}\u{5b8}",
    ] {
        let without_base = Err(ClientNameError::MarkWithoutBase);
        assert_eq!(parse(name), without_base, "{name:?}");
    }
    assert_eq!(parse("\u{301}"), Err(ClientNameError::NothingVisible));
}

/// Tries each character before a mark, and between spaces. Han and Hangul letters are left out, because
/// all of them behave alike.
#[test]
fn parsing_an_accepted_name_again_changes_nothing() {
    let characters = ('\0'..='\u{33ff}')
        .chain('\u{a000}'..='\u{abff}')
        .chain('\u{f900}'..='\u{16fff}')
        .chain('\u{1b000}'..='\u{1ffff}')
        .chain('\u{e0000}'..='\u{e01ff}');
    let mut accepted = 0;
    for character in characters {
        for (before, after) in [("a", "\u{301}"), (" ", "  \u{5d0}")] {
            let text = format!("{before}{character}{after}");
            if let Ok(Some(name)) = parse(&text) {
                accepted += 1;
                assert_eq!(parse(&name), Ok(Some(name.clone())), "{text:?}");
            }
        }
    }
    assert!(accepted > 70_000, "{accepted}");
}

#[test]
fn length_counts_characters_after_nfc() {
    assert!(parse(&"N".repeat(128)).is_ok());
    assert_eq!(parse(&"N".repeat(129)), Err(ClientNameError::TooLong));
    assert_eq!(parse(&"e\u{301}".repeat(128)), Ok(Some("é".repeat(128))));
    assert_eq!(parse(&"N".repeat(1_000_000)), Err(ClientNameError::TooLong));
}

#[test]
fn more_than_four_marks_in_a_row_are_refused() {
    for hidden in [
        "G\u{941}\u{941}\u{941}\u{94d}\u{200d}\u{941}",
        "ᠮ\u{18a9}\u{18a9}\u{18a9}\u{18a9}\u{180b}\u{18a9}",
    ] {
        assert!(parse(hidden).is_err(), "{hidden:?}");
    }
    assert!(parse(&format!("x{}", "\u{323}".repeat(4))).is_ok());
    assert_eq!(
        parse(&format!("x{}", "\u{323}".repeat(5))),
        Err(ClientNameError::CombiningMarks)
    );
}
