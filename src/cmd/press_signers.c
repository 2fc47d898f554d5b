#include "press_signers.h"

#include <stdio.h>
#include <string.h>

#include "../core/tuf_write.h"
#include "press_grants.h"

/* The i-th key of a rule; false past the last or for one that is not ours. */
static bool
rule_key(const struct tuf_rule *rule, size_t i,
	uint8_t public[static CRYPTO_PUBLIC])
{
	const char *id = json_string_value(json_array_get(rule->keyids, i));

	return id != NULL &&
	       tuf_key_ed25519(json_object_get(rule->keys, id), public);
}

bool
signers_here(struct keyring *ring, const struct tuf_rule *rule)
{
	uint8_t public[CRYPTO_PUBLIC];
	size_t i, n = 0;

	for (i = 0; i < json_array_size(rule->keyids); i++)
		if (rule_key(rule, i, public) && keyring_at_hand(ring, public))
			n++;
	return n >= rule->threshold;
}

enum err
signers_sign(struct keyring *ring, const struct tuf_rule *rule,
	const char *role, const json_t *body, struct buf *out, struct diag *d)
{
	struct sign_key *keys[GRANT_KEYS];
	uint8_t public[CRYPTO_PUBLIC];
	char absent[SIGNERS_TEXT];
	enum err e = ERR_OK;
	size_t i, n = 0;

	for (i = 0; e == ERR_OK && i < json_array_size(rule->keyids) &&
		    n < rule->threshold && n < GRANT_KEYS;
		i++)
		if (rule_key(rule, i, public) && keyring_at_hand(ring, public))
			e = keyring_unlock(ring, keyring_find(ring, public),
				&keys[n++], d);
	if (e == ERR_OK && n < rule->threshold)
		e = diag_set(d, ERR_MISSING,
			"%s needs %llu signatures; not in keys/: %s", role,
			(unsigned long long)rule->threshold,
			signers_absent(ring, rule, absent));
	if (e == ERR_OK && tuf_sign(body, keys, n, out) != ERR_OK)
		e = diag_set(
			d, ERR_LIMIT, "%s is too large to be signed", role);
	return e;
}

const char *
signers_absent(struct keyring *ring, const struct tuf_rule *rule,
	char out[static SIGNERS_TEXT])
{
	char number[2 * MINISIGN_KEYNUM + 1];
	uint8_t public[CRYPTO_PUBLIC], keynum[MINISIGN_KEYNUM];
	size_t i, n = 0;

	out[0] = '\0';
	for (i = 0; i < json_array_size(rule->keyids); i++) {
		const struct keyring_key *k;

		if (!rule_key(rule, i, public) ||
			keyring_at_hand(ring, public) || n + 40 > SIGNERS_TEXT)
			continue;
		k = keyring_find(ring, public);
		minisign_keynum(public, keynum);
		minisign_keynum_text(number, keynum);
		n += (size_t)snprintf(out + n, SIGNERS_TEXT - n,
			"%s%s%s%.14s%s", n == 0 ? "" : ", ", number,
			k == NULL ? "" : " (", k == NULL ? "" : k->name,
			k == NULL ? "" : ")");
	}
	return out;
}
