/* ID tokens: signatures by core/jose, everything else by the rules of OpenID Connect Core,
 * 3.1.3.7. */
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

#include "auth/oidc_internal.h"
#include "jose/jose.h"

enum { OLDEST = 24 * 3600 };

static const char *claim_text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* RFC 8725, 3.11: a token of another kind (of access, of logging out) that the provider signed
 * for us is no ID token. */
static bool is_typ_of_id_token(const char *typ)
{
    if (typ == NULL)
        return true;
    if (strncasecmp(typ, "application/", 12) == 0)
        typ += 12;
    return strcasecmp(typ, "JWT") == 0;
}

static int id_token_check_signature(const struct jose_jws *jws, const json_t *keys, struct err *err)
{
    switch (jose_jws_verify(jws, keys)) {
    case 0:
        return 0;
    case HEARTH_ERR_NOT_FOUND:
        return err_set(err, HEARTH_ERR_NOT_FOUND,
                       "it has no key for the signature of its ID token");
    case HEARTH_ERR_NOMEM:
    case HEARTH_ERR_INTERNAL:
        return err_set(err, HEARTH_ERR_NOMEM,
                       "the signature of its ID token cannot be checked: out of memory");
    default:
        return err_set(err, HEARTH_ERR_DENIED, "the signature of its ID token is not right");
    }
}

static bool is_audience(const json_t *claims, const char *client_id)
{
    const json_t *audience = json_object_get(claims, "aud"), *one;
    const char *party = claim_text(claims, "azp");
    size_t i;
    bool found = json_is_string(audience) && strcmp(json_string_value(audience), client_id) == 0;
    json_array_foreach((json_t *)(uintptr_t)audience, i, one) found =
        found || (json_is_string(one) && strcmp(json_string_value(one), client_id) == 0);
    bool several = json_array_size(audience) > 1;
    return found && (party == NULL ? !several : strcmp(party, client_id) == 0);
}

static int check_claims(const json_t *claims, const struct oidc_expected *expected, struct err *err)
{
    const char *issuer = claim_text(claims, "iss"), *subject = claim_text(claims, "sub"),
               *nonce = claim_text(claims, "nonce");
    const json_t *expires = json_object_get(claims, "exp"),
                 *issued = json_object_get(claims, "iat"), *before = json_object_get(claims, "nbf");
    if (issuer == NULL || strcmp(issuer, expected->issuer) != 0)
        return err_set(err, HEARTH_ERR_DENIED, "its ID token was issued by another (%.100s)",
                       issuer == NULL ? "nobody" : issuer);
    if (!is_audience(claims, expected->client_id))
        return err_set(err, HEARTH_ERR_DENIED, "its ID token is meant for another client");
    if (!json_is_number(expires) ||
        json_number_value(expires) < (double)(expected->now - OIDC_LEEWAY))
        return err_set(err, HEARTH_ERR_DENIED, "its ID token has expired; check the clocks");
    if (!json_is_number(issued) ||
        json_number_value(issued) > (double)(expected->now + OIDC_LEEWAY) ||
        json_number_value(issued) < (double)(expected->now - OLDEST) ||
        (json_is_number(before) &&
         json_number_value(before) > (double)(expected->now + OIDC_LEEWAY)))
        return err_set(err, HEARTH_ERR_DENIED,
                       "its ID token is from another time; check the clocks");
    if (nonce == NULL || strlen(nonce) != strlen(expected->nonce) ||
        CRYPTO_memcmp(nonce, expected->nonce, strlen(nonce)) != 0)
        return err_set(err, HEARTH_ERR_DENIED, "its ID token belongs to another sign-in");
    return subject != NULL && subject[0] != '\0'
               ? 0
               : err_set(err, HEARTH_ERR_DENIED, "its ID token names nobody");
}

int auth_oidc_verify_token(const char *token, const json_t *keys,
                           const struct oidc_expected *expected, json_t **ret_claims,
                           struct err *err)
{
    struct jose_jws jws;
    const char *reason;
    json_t *claims = NULL;
    int r = jose_jws_read(token, strlen(token), &jws, &reason);
    if (r == HEARTH_ERR_NOMEM)
        return err_set(err, r, "out of memory");
    if (r != 0)
        return err_set(err, HEARTH_ERR_DENIED, "its ID token %s", reason);
    if (!is_typ_of_id_token(jws.typ))
        r = err_set(err, HEARTH_ERR_DENIED, "its ID token is a token of another kind (%.40s)",
                    jws.typ);
    if (r == 0)
        r = id_token_check_signature(&jws, keys, err);
    if (r == 0)
        claims =
            json_loadb((const char *)jws.payload, jws.payload_size, JSON_REJECT_DUPLICATES, NULL);
    if (r == 0 && !json_is_object(claims))
        r = err_set(err, HEARTH_ERR_DENIED, "its ID token is malformed");
    if (r == 0)
        r = check_claims(claims, expected, err);
    jose_jws_fini(&jws);
    if (r == 0)
        *ret_claims = claims;
    else
        json_decref(claims);
    return r;
}
