PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE oauth_dcr_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
);
INSERT INTO oauth_dcr_migrations VALUES(1,'clients','2026-01-01 00:00:00',1,X'a4d3c615371717cd850cd20a6548f6845ca7c4f4629364515bc96db4984678a6171036adff8a2e513bd86d960d9b4806',1026287);
CREATE TABLE oauth_dcr_clients (
    tenant     TEXT    NOT NULL,
    client_id  TEXT    NOT NULL,
    -- The client as JSON.
    record     TEXT    NOT NULL,
    -- Copies of what the record says, to be looked for and compared. The record is what counts:
    -- changing these by hand has no effect on what the client may do.
    revision   INTEGER NOT NULL,
    blocked    INTEGER NOT NULL,
    -- How the client is used: whether it ever was, and since when it is idle, in Unix milliseconds.
    is_used    INTEGER NOT NULL,
    idle_since INTEGER NOT NULL,
    -- What it is folded by, if anything.
    fold_key   BLOB,
    PRIMARY KEY (tenant, client_id)
) STRICT;
INSERT INTO oauth_dcr_clients VALUES('strict','tpc_P8s0OFyb5NsTs2fVRjM2CmwsGeEfHynL','{"version":1,"tenant":"strict","client_id":"tpc_P8s0OFyb5NsTs2fVRjM2CmwsGeEfHynL","issued_at":1800000000000,"security_mode":"strict","metadata":{"client_name":"My Dynamic Application","redirect_uris":["https://app.example.com/callback"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"response_types":["code"]}}',0,0,0,1800000000000,X'4dea854fbcb88ea90353caabe439ae9c246fc91558f8b796ca31485fb685bd19');
INSERT INTO oauth_dcr_clients VALUES('strict','tpc_Sf3Xc6tv5QPWASPZIBBbbdEvBpGe3USX','{"version":1,"tenant":"strict","client_id":"tpc_Sf3Xc6tv5QPWASPZIBBbbdEvBpGe3USX","issued_at":1800000000000,"security_mode":"strict","secret_digest":"sha256:emvm5wGP1cds1FxvvKf6Tfjz5m1NYss2m63yJzOvGr8","metadata":{"client_name":"Server","redirect_uris":["https://app.example.com/callback"],"token_endpoint_auth_method":"client_secret_post","grant_types":["refresh_token","authorization_code"],"response_types":["code"]}}',0,0,0,1800000000000,NULL);
INSERT INTO oauth_dcr_clients VALUES('strict','tpc_WLsc9YlOjABa7C0rXgG3hOR9r8uCWjzA','{"version":1,"tenant":"strict","client_id":"tpc_WLsc9YlOjABa7C0rXgG3hOR9r8uCWjzA","issued_at":1800000000000,"security_mode":"strict","metadata":{"client_name":"\"Quotes\" \\ back / slash ''n'' & é","client_name#ja-Jpan-JP":"クライアント","client_name#he":"שָׁלוֹם","client_name#fa":"می‌خواهم","client_uri":"https://app.example.com/","logo_uri":"https://app.example.com/logo.png","logo_uri#ja":"https://app.example.com/ja.png","policy_uri":"https://app.example.com/policy","tos_uri":"https://app.example.com/terms","redirect_uris":["https://app.example.com/callback","https://app.example.com/two?q=%22&r=1"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"response_types":["code"],"contacts":["ops@app.example.com","\"Ops\" \\ <ops@app.example.com>","運用"],"application_type":"web","scope":"read:items write:items urn:example:x","software_id":"4NRB1-0XZABZI9E6-5SM3R","software_version":"2.1 \"beta\" \\ 🦀"}}',0,0,0,1800000000000,X'32f4e7ce8ac254ec6d6a3793caa9d4a7f18fd943e032474e8fb62c5f29ab1f22');
INSERT INTO oauth_dcr_clients VALUES('strict','tpc_Fat3RaLpYW2fbhM9rlP3XXIJDCjFgnH8','{"version":1,"tenant":"strict","client_id":"tpc_Fat3RaLpYW2fbhM9rlP3XXIJDCjFgnH8","issued_at":1800000000000,"security_mode":"strict","metadata":{"redirect_uris":["cursor://anysphere.cursor-mcp/oauth/callback","com.example.app:/callback"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"response_types":["code"],"application_type":"native"}}',0,0,0,1800000000000,X'deddcdf5755c8fab6693431bc47ba6b240f3c926892a45e27812c89a9702b811');
INSERT INTO oauth_dcr_clients VALUES('strict','tpc_SGVtyZv3SGJWUx64y0nlKre3AIy14A7x','{"version":1,"tenant":"strict","client_id":"tpc_SGVtyZv3SGJWUx64y0nlKre3AIy14A7x","issued_at":1800000000000,"security_mode":"strict","metadata":{"redirect_uris":["https://intranet/cb?tenant=7"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"response_types":["code"]}}',0,0,0,1800000000000,X'ba653b0674d95cecb400260ed0da5786f9204db35d41a33869f57c42cb883be3');
INSERT INTO oauth_dcr_clients VALUES('strict','tpc_DcIVjU8zPULkAFNUfZtQIRXFwmDHjiOH','{"version":1,"tenant":"strict","client_id":"tpc_DcIVjU8zPULkAFNUfZtQIRXFwmDHjiOH","issued_at":1800000000000,"security_mode":"strict","metadata":{"redirect_uris":["http://127.0.0.1:33418/callback","http://[::1]/callback","http://localhost:8080/callback","https://127.0.0.1/callback"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"response_types":["code"]}}',0,0,0,1800000000000,X'8465301bfd34b2424840194faf4377da8dbb6e27fe36cbdc151219b34745b457');
INSERT INTO oauth_dcr_clients VALUES('strict','tpc_oX238BYq9pzusbOIvgDAI3FE3e3do0QO','{"version":1,"tenant":"strict","client_id":"tpc_oX238BYq9pzusbOIvgDAI3FE3e3do0QO","issued_at":1800000000000,"security_mode":"strict","metadata":{"client_name":"𝕏 🦀 𠮷野家 👩🏽‍🚀 𐿽","redirect_uris":["https://app.example.com/callback"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"response_types":["code"]}}',0,0,0,1800000000000,X'979269054236bcc09608a25b5f5e0355d07f16eb7a05d12a9907d37fd5afa1e3');
INSERT INTO oauth_dcr_clients VALUES('strict','tpc_3CCseHXK1FRU0ZHTlGBtFXMlplo0C8IK','{"version":1,"tenant":"strict","client_id":"tpc_3CCseHXK1FRU0ZHTlGBtFXMlplo0C8IK","issued_at":1800000000000,"security_mode":"strict","blocked":true,"revision":1,"metadata":{"client_name":"Blocked","redirect_uris":["https://app.example.com/callback"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"response_types":["code"]}}',1,1,0,1800000000000,X'7b809fcebf35f1ac8753e19eaab77756d8be5f52284999e16ab5f4a4f505d50f');
INSERT INTO oauth_dcr_clients VALUES('strict','tpc_HeUSar0lYq5Ock9BIWOz1rM70LxRcQWR','{"version":1,"tenant":"strict","client_id":"tpc_HeUSar0lYq5Ock9BIWOz1rM70LxRcQWR","issued_at":1800000000000,"security_mode":"strict","redirection_policy":"allow_always","revision":1,"metadata":{"client_name":"Trusted","redirect_uris":["https://app.example.com/callback"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"response_types":["code"]}}',1,0,0,1800000000000,X'b85e7e2fbe9404f926957f0ef7a73d17ddf44be1453374c5660e52b3cc347c02');
INSERT INTO oauth_dcr_clients VALUES('strict','tpc_5iBMaX1F8vovZytS8FsJ4SomZkkN9jH0','{"version":1,"tenant":"strict","client_id":"tpc_5iBMaX1F8vovZytS8FsJ4SomZkkN9jH0","issued_at":1800000000000,"security_mode":"strict","secret_digest":"sha256:AFLN_mS70jr2x7iCe0CdnknAFd36niL6BtbFJ_xRsBI","previous_secret":{"digest":"sha256:exaC42d2yl3auhQP2wTRR1FKFkwbqjQdZwof-i6jfHQ","until":1802592000000},"revision":1,"metadata":{"client_name":"Rotated","redirect_uris":["https://app.example.com/callback"],"token_endpoint_auth_method":"client_secret_post","grant_types":["refresh_token","authorization_code"],"response_types":["code"]}}',1,0,0,1800000000000,NULL);
INSERT INTO oauth_dcr_clients VALUES('strict','tpc_2dVB3DTff8Gq1JwY1hcoF815s5zvPAXy','{"version":1,"tenant":"strict","client_id":"tpc_2dVB3DTff8Gq1JwY1hcoF815s5zvPAXy","issued_at":1800000000000,"security_mode":"strict","revision":1,"metadata":{"client_name":"After the update","redirect_uris":["https://app.example.com/callback"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"response_types":["code"]}}',1,0,0,1800000000000,NULL);
INSERT INTO oauth_dcr_clients VALUES('strict','tpc_Cb73oAZpdtepW9UeDDf1E87f3FZuQ4xy','{"version":1,"tenant":"strict","client_id":"tpc_Cb73oAZpdtepW9UeDDf1E87f3FZuQ4xy","issued_at":1800000000000,"security_mode":"strict","metadata":{"client_name":"Used","redirect_uris":["https://app.example.com/callback"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"response_types":["code"]}}',0,0,1,1800004200000,X'252d9201e02e4103d17c888b432d2406ffaadffd74998f426f12f75e7cef15f0');
INSERT INTO oauth_dcr_clients VALUES('permissive','SWeCHngZcdgvYPIDvNZYZt28QweJzdMJ','{"version":1,"tenant":"permissive","client_id":"SWeCHngZcdgvYPIDvNZYZt28QweJzdMJ","issued_at":1800000000000,"security_mode":"permissive","secret_digest":"sha256:pt9hChiRJg_oRkmExJUCK8l-YKrHJrkafLlwQ6vguT0","metadata":{"client_name":"All grants","redirect_uris":["https://app.example.com/callback"],"token_endpoint_auth_method":"client_secret_basic","grant_types":["authorization_code","refresh_token","implicit","client_credentials","urn:ietf:params:oauth:grant-type:device_code"],"response_types":["code","token","id_token","id_token token","code id_token","code token","code id_token token"],"application_type":"web"}}',0,0,0,1800000000000,NULL);
INSERT INTO oauth_dcr_clients VALUES('permissive','Fq2vIcMxLNHUdQu322akrTB3eT2KZ4yv','{"version":1,"tenant":"permissive","client_id":"Fq2vIcMxLNHUdQu322akrTB3eT2KZ4yv","issued_at":1800000000000,"security_mode":"permissive","metadata":{"client_name":"My Dynamic Application","redirect_uris":["https://app.example.com/callback"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"response_types":["code"]}}',0,0,0,1800000000000,X'ed457b815aaaedd26e288e5453372ac3da27e39b5c5f77b4894801616f3c1c27');
INSERT INTO oauth_dcr_clients VALUES('strict','tpc_JBi45w3na3s9tr0uGsivoMkibR1RtgLL','{"version":1,"tenant":"strict","client_id":"tpc_JBi45w3na3s9tr0uGsivoMkibR1RtgLL","issued_at":1800000000000,"security_mode":"strict","metadata":{"client_name":"App׈׈׈׈׈ x᫟׈ 𝉐","redirect_uris":["https://app.example.com/callback"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"response_types":["code"]}}',0,0,0,1800000000000,X'4a444ffd05aa4a71712a1fef5f79f82eedd54d6bc9b6f3a422b020137c382b52');
INSERT INTO oauth_dcr_clients VALUES('strict','tpc_wxGU4eK3w72mGYyVEKdTOZtMAdlav8VI','{"version":1,"tenant":"strict","client_id":"tpc_wxGU4eK3w72mGYyVEKdTOZtMAdlav8VI","issued_at":1800000000000,"security_mode":"strict","metadata":{"client_name":"Texts","redirect_uris":["https://app.example.com/callback"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"response_types":["code"],"contacts":["a c","‮moc.elgoog","׈͸",""],"software_id":"﻿id","software_version":"᫟​"}}',0,0,0,1800000000000,X'44db0f55b2552b01588176473470a67d91f9e22ba55d8259b9be9728bd91cf49');
CREATE TABLE oauth_dcr_tenants (
    tenant  TEXT    NOT NULL PRIMARY KEY,
    clients INTEGER NOT NULL
) STRICT;
INSERT INTO oauth_dcr_tenants VALUES('strict',14);
INSERT INTO oauth_dcr_tenants VALUES('permissive',2);
CREATE UNIQUE INDEX oauth_dcr_clients_by_fold_key
    ON oauth_dcr_clients (tenant, fold_key)
    WHERE fold_key IS NOT NULL;
CREATE INDEX oauth_dcr_clients_removable
    ON oauth_dcr_clients (tenant, is_used, idle_since, client_id)
    WHERE blocked = 0;
CREATE TRIGGER oauth_dcr_clients_inserted
AFTER INSERT ON oauth_dcr_clients
BEGIN
    INSERT INTO oauth_dcr_tenants (tenant, clients) VALUES (new.tenant, 1)
    ON CONFLICT (tenant) DO UPDATE SET clients = clients + 1;
END;
CREATE TRIGGER oauth_dcr_clients_deleted
AFTER DELETE ON oauth_dcr_clients
BEGIN
    UPDATE oauth_dcr_tenants SET clients = clients - 1 WHERE tenant = old.tenant;
END;
COMMIT;
