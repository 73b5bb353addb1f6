-- A database of the first version of the schema, in PostgreSQL.

CREATE TABLE oauth_dcr_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMPTZ NOT NULL DEFAULT now(),
    success BOOLEAN NOT NULL,
    checksum BYTEA NOT NULL,
    execution_time BIGINT NOT NULL
);

INSERT INTO oauth_dcr_migrations VALUES
    (1, 'clients', '2026-01-01 00:00:00Z', TRUE, '\x47cc3f0e2e46082f3a7b5c18fba51c262ee0020338ca80a748cce49f8c891e16e88e922e7328b59327a1b11bfe824b2b', 1026287);

-- The clients of all tenants, and how many each tenant has.
--
-- Ids sort by their bytes. CockroachDB always sorts text so, and refuses COLLATE "C" in a column: there,
-- the store leaves it out, and so should you.

CREATE TABLE IF NOT EXISTS oauth_dcr_clients (
    tenant TEXT COLLATE "C" NOT NULL,
    client_id TEXT COLLATE "C" NOT NULL,
    -- The client as JSON. It holds the digest of the secret, never the secret.
    record BYTEA NOT NULL,
    -- Copies of what the record says, to compare and to index. To change them by hand does nothing to
    -- what the client may do: only to block it by the interface does.
    --
    -- How often the owner has changed it.
    revision BIGINT NOT NULL,
    -- Whether the owner has blocked it.
    blocked BOOLEAN NOT NULL,
    is_used BOOLEAN NOT NULL,
    -- In milliseconds since the Unix epoch.
    idle_since BIGINT NOT NULL,
    -- Only of clients that others may be folded into.
    fold_key BYTEA,
    PRIMARY KEY (tenant, client_id)
);

CREATE UNIQUE INDEX IF NOT EXISTS oauth_dcr_clients_fold_key
    ON oauth_dcr_clients (tenant, fold_key)
    WHERE fold_key IS NOT NULL;

-- Who makes room and who is swept away: blocked clients never are.
CREATE INDEX IF NOT EXISTS oauth_dcr_clients_idle
    ON oauth_dcr_clients (tenant, is_used, idle_since, client_id)
    WHERE NOT blocked;

-- Whatever adds or removes clients of a tenant changes its row in the same transaction, so that
-- nobody has to count, and a limit holds whoever else registers.
CREATE TABLE IF NOT EXISTS oauth_dcr_tenants (
    tenant TEXT COLLATE "C" NOT NULL,
    clients BIGINT NOT NULL,
    PRIMARY KEY (tenant)
);

INSERT INTO oauth_dcr_clients VALUES
    ('strict', 'tpc_P8s0OFyb5NsTs2fVRjM2CmwsGeEfHynL', convert_to('{"version":1,"tenant":"strict","client_id":"tpc_P8s0OFyb5NsTs2fVRjM2CmwsGeEfHynL","issued_at":1800000000000,"security_mode":"strict","metadata":{"client_name":"My Dynamic Application","redirect_uris":["https://app.example.com/callback"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"response_types":["code"]}}', 'UTF8'), 0, FALSE, FALSE, 1800000000000, '\x4dea854fbcb88ea90353caabe439ae9c246fc91558f8b796ca31485fb685bd19'),
    ('strict', 'tpc_Sf3Xc6tv5QPWASPZIBBbbdEvBpGe3USX', convert_to('{"version":1,"tenant":"strict","client_id":"tpc_Sf3Xc6tv5QPWASPZIBBbbdEvBpGe3USX","issued_at":1800000000000,"security_mode":"strict","secret_digest":"sha256:emvm5wGP1cds1FxvvKf6Tfjz5m1NYss2m63yJzOvGr8","metadata":{"client_name":"Server","redirect_uris":["https://app.example.com/callback"],"token_endpoint_auth_method":"client_secret_post","grant_types":["refresh_token","authorization_code"],"response_types":["code"]}}', 'UTF8'), 0, FALSE, FALSE, 1800000000000, NULL),
    ('strict', 'tpc_WLsc9YlOjABa7C0rXgG3hOR9r8uCWjzA', convert_to('{"version":1,"tenant":"strict","client_id":"tpc_WLsc9YlOjABa7C0rXgG3hOR9r8uCWjzA","issued_at":1800000000000,"security_mode":"strict","metadata":{"client_name":"\"Quotes\" \\ back / slash ''n'' & é","client_name#ja-Jpan-JP":"クライアント","client_name#he":"שָׁלוֹם","client_name#fa":"می‌خواهم","client_uri":"https://app.example.com/","logo_uri":"https://app.example.com/logo.png","logo_uri#ja":"https://app.example.com/ja.png","policy_uri":"https://app.example.com/policy","tos_uri":"https://app.example.com/terms","redirect_uris":["https://app.example.com/callback","https://app.example.com/two?q=%22&r=1"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"response_types":["code"],"contacts":["ops@app.example.com","\"Ops\" \\ <ops@app.example.com>","運用"],"application_type":"web","scope":"read:items write:items urn:example:x","software_id":"4NRB1-0XZABZI9E6-5SM3R","software_version":"2.1 \"beta\" \\ 🦀"}}', 'UTF8'), 0, FALSE, FALSE, 1800000000000, '\x32f4e7ce8ac254ec6d6a3793caa9d4a7f18fd943e032474e8fb62c5f29ab1f22'),
    ('strict', 'tpc_Fat3RaLpYW2fbhM9rlP3XXIJDCjFgnH8', convert_to('{"version":1,"tenant":"strict","client_id":"tpc_Fat3RaLpYW2fbhM9rlP3XXIJDCjFgnH8","issued_at":1800000000000,"security_mode":"strict","metadata":{"redirect_uris":["cursor://anysphere.cursor-mcp/oauth/callback","com.example.app:/callback"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"response_types":["code"],"application_type":"native"}}', 'UTF8'), 0, FALSE, FALSE, 1800000000000, '\xdeddcdf5755c8fab6693431bc47ba6b240f3c926892a45e27812c89a9702b811'),
    ('strict', 'tpc_SGVtyZv3SGJWUx64y0nlKre3AIy14A7x', convert_to('{"version":1,"tenant":"strict","client_id":"tpc_SGVtyZv3SGJWUx64y0nlKre3AIy14A7x","issued_at":1800000000000,"security_mode":"strict","metadata":{"redirect_uris":["https://intranet/cb?tenant=7"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"response_types":["code"]}}', 'UTF8'), 0, FALSE, FALSE, 1800000000000, '\xba653b0674d95cecb400260ed0da5786f9204db35d41a33869f57c42cb883be3'),
    ('strict', 'tpc_DcIVjU8zPULkAFNUfZtQIRXFwmDHjiOH', convert_to('{"version":1,"tenant":"strict","client_id":"tpc_DcIVjU8zPULkAFNUfZtQIRXFwmDHjiOH","issued_at":1800000000000,"security_mode":"strict","metadata":{"redirect_uris":["http://127.0.0.1:33418/callback","http://[::1]/callback","http://localhost:8080/callback","https://127.0.0.1/callback"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"response_types":["code"]}}', 'UTF8'), 0, FALSE, FALSE, 1800000000000, '\x8465301bfd34b2424840194faf4377da8dbb6e27fe36cbdc151219b34745b457'),
    ('strict', 'tpc_oX238BYq9pzusbOIvgDAI3FE3e3do0QO', convert_to('{"version":1,"tenant":"strict","client_id":"tpc_oX238BYq9pzusbOIvgDAI3FE3e3do0QO","issued_at":1800000000000,"security_mode":"strict","metadata":{"client_name":"𝕏 🦀 𠮷野家 👩🏽‍🚀 𐿽","redirect_uris":["https://app.example.com/callback"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"response_types":["code"]}}', 'UTF8'), 0, FALSE, FALSE, 1800000000000, '\x979269054236bcc09608a25b5f5e0355d07f16eb7a05d12a9907d37fd5afa1e3'),
    ('strict', 'tpc_3CCseHXK1FRU0ZHTlGBtFXMlplo0C8IK', convert_to('{"version":1,"tenant":"strict","client_id":"tpc_3CCseHXK1FRU0ZHTlGBtFXMlplo0C8IK","issued_at":1800000000000,"security_mode":"strict","blocked":true,"revision":1,"metadata":{"client_name":"Blocked","redirect_uris":["https://app.example.com/callback"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"response_types":["code"]}}', 'UTF8'), 1, TRUE, FALSE, 1800000000000, '\x7b809fcebf35f1ac8753e19eaab77756d8be5f52284999e16ab5f4a4f505d50f'),
    ('strict', 'tpc_HeUSar0lYq5Ock9BIWOz1rM70LxRcQWR', convert_to('{"version":1,"tenant":"strict","client_id":"tpc_HeUSar0lYq5Ock9BIWOz1rM70LxRcQWR","issued_at":1800000000000,"security_mode":"strict","redirection_policy":"allow_always","revision":1,"metadata":{"client_name":"Trusted","redirect_uris":["https://app.example.com/callback"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"response_types":["code"]}}', 'UTF8'), 1, FALSE, FALSE, 1800000000000, '\xb85e7e2fbe9404f926957f0ef7a73d17ddf44be1453374c5660e52b3cc347c02'),
    ('strict', 'tpc_5iBMaX1F8vovZytS8FsJ4SomZkkN9jH0', convert_to('{"version":1,"tenant":"strict","client_id":"tpc_5iBMaX1F8vovZytS8FsJ4SomZkkN9jH0","issued_at":1800000000000,"security_mode":"strict","secret_digest":"sha256:AFLN_mS70jr2x7iCe0CdnknAFd36niL6BtbFJ_xRsBI","previous_secret":{"digest":"sha256:exaC42d2yl3auhQP2wTRR1FKFkwbqjQdZwof-i6jfHQ","until":1802592000000},"revision":1,"metadata":{"client_name":"Rotated","redirect_uris":["https://app.example.com/callback"],"token_endpoint_auth_method":"client_secret_post","grant_types":["refresh_token","authorization_code"],"response_types":["code"]}}', 'UTF8'), 1, FALSE, FALSE, 1800000000000, NULL),
    ('strict', 'tpc_2dVB3DTff8Gq1JwY1hcoF815s5zvPAXy', convert_to('{"version":1,"tenant":"strict","client_id":"tpc_2dVB3DTff8Gq1JwY1hcoF815s5zvPAXy","issued_at":1800000000000,"security_mode":"strict","revision":1,"metadata":{"client_name":"After the update","redirect_uris":["https://app.example.com/callback"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"response_types":["code"]}}', 'UTF8'), 1, FALSE, FALSE, 1800000000000, NULL),
    ('strict', 'tpc_Cb73oAZpdtepW9UeDDf1E87f3FZuQ4xy', convert_to('{"version":1,"tenant":"strict","client_id":"tpc_Cb73oAZpdtepW9UeDDf1E87f3FZuQ4xy","issued_at":1800000000000,"security_mode":"strict","metadata":{"client_name":"Used","redirect_uris":["https://app.example.com/callback"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"response_types":["code"]}}', 'UTF8'), 0, FALSE, TRUE, 1800004200000, '\x252d9201e02e4103d17c888b432d2406ffaadffd74998f426f12f75e7cef15f0'),
    ('permissive', 'SWeCHngZcdgvYPIDvNZYZt28QweJzdMJ', convert_to('{"version":1,"tenant":"permissive","client_id":"SWeCHngZcdgvYPIDvNZYZt28QweJzdMJ","issued_at":1800000000000,"security_mode":"permissive","secret_digest":"sha256:pt9hChiRJg_oRkmExJUCK8l-YKrHJrkafLlwQ6vguT0","metadata":{"client_name":"All grants","redirect_uris":["https://app.example.com/callback"],"token_endpoint_auth_method":"client_secret_basic","grant_types":["authorization_code","refresh_token","implicit","client_credentials","urn:ietf:params:oauth:grant-type:device_code"],"response_types":["code","token","id_token","id_token token","code id_token","code token","code id_token token"],"application_type":"web"}}', 'UTF8'), 0, FALSE, FALSE, 1800000000000, NULL),
    ('permissive', 'Fq2vIcMxLNHUdQu322akrTB3eT2KZ4yv', convert_to('{"version":1,"tenant":"permissive","client_id":"Fq2vIcMxLNHUdQu322akrTB3eT2KZ4yv","issued_at":1800000000000,"security_mode":"permissive","metadata":{"client_name":"My Dynamic Application","redirect_uris":["https://app.example.com/callback"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"response_types":["code"]}}', 'UTF8'), 0, FALSE, FALSE, 1800000000000, '\xed457b815aaaedd26e288e5453372ac3da27e39b5c5f77b4894801616f3c1c27'),
    ('strict', 'tpc_JBi45w3na3s9tr0uGsivoMkibR1RtgLL', convert_to('{"version":1,"tenant":"strict","client_id":"tpc_JBi45w3na3s9tr0uGsivoMkibR1RtgLL","issued_at":1800000000000,"security_mode":"strict","metadata":{"client_name":"App׈׈׈׈׈ x᫟׈ 𝉐","redirect_uris":["https://app.example.com/callback"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"response_types":["code"]}}', 'UTF8'), 0, FALSE, FALSE, 1800000000000, '\x4a444ffd05aa4a71712a1fef5f79f82eedd54d6bc9b6f3a422b020137c382b52'),
    ('strict', 'tpc_wxGU4eK3w72mGYyVEKdTOZtMAdlav8VI', convert_to('{"version":1,"tenant":"strict","client_id":"tpc_wxGU4eK3w72mGYyVEKdTOZtMAdlav8VI","issued_at":1800000000000,"security_mode":"strict","metadata":{"client_name":"Texts","redirect_uris":["https://app.example.com/callback"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"response_types":["code"],"contacts":["a c","‮moc.elgoog","׈͸",""],"software_id":"﻿id","software_version":"᫟​"}}', 'UTF8'), 0, FALSE, FALSE, 1800000000000, '\x44db0f55b2552b01588176473470a67d91f9e22ba55d8259b9be9728bd91cf49');

INSERT INTO oauth_dcr_tenants VALUES ('strict', 14), ('permissive', 2);
