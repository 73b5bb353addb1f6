//! The settings cases of the corpus: each document is refused, and the error names its field.

use oauth_dcr::settings::SettingsDocument;

use crate::corpus::cases::lines;

#[test]
fn every_settings_case_names_its_bad_field() {
    let cases = lines("attacks.jsonl");
    let cases: Vec<_> = cases.iter().filter(|it| it["area"] == "settings").collect();
    assert_eq!(cases.len(), 3, "the corpus is incomplete");
    for case in cases {
        let (id, field) = (&case["id"], case["expect"]["field"].as_str().unwrap());
        let settings = case["input"]["settings"].to_string();
        let error = SettingsDocument::from_json(&settings).unwrap_err();
        assert!(error.path().contains(field), "{id}: {error}");
        assert!(error.to_string().contains(error.path()), "{id}: {error}");
    }
}
