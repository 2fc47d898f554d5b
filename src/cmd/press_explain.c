#include "press_explain.h"

#include <stdio.h>
#include <string.h>

#include "../core/date.h"
#include "../core/text.h"
#include "press.h"
#include "press_grants.h"
#include "press_json.h"

/* "5C1B0A9D8E7F6A5B alice", by the names that are known here. */
#define KEY_TEXT 100
static const char *
key_text(struct keyring *ring, const struct minisign_key *key,
	char out[static KEY_TEXT])
{
	const struct keyring_key *k = keyring_find(ring, key->key);
	char number[2 * MINISIGN_KEYNUM + 1];

	minisign_keynum_text(number, key->keynum);
	snprintf(out, KEY_TEXT, "%s%s%s%s", number, k == NULL ? "" : " (",
		k == NULL ? "" : k->name, k == NULL ? "" : ")");
	return out;
}

/* What a role is called in words. */
static const char *
role_text(const char *name)
{
	return name[0] == 'x' && name[1] == '\0' ? "x (mirror list)" : name;
}

static unsigned
differences(
	const struct grant *old, const struct grant *new, struct keyring *ring)
{
	char text[KEY_TEXT];
	unsigned n = 0;
	size_t i;

	for (i = 0; new != NULL &&i < new->n; i++)
		if (old == NULL || !grant_has(old, new->keys[i].key)) {
			printf("  + %-16s gets the key %s\n",
				role_text(new->name),
				key_text(ring, &new->keys[i], text));
			n++;
		}
	for (i = 0; old != NULL && i < old->n; i++)
		if (new == NULL || !grant_has(new, old->keys[i].key)) {
			printf("  - %-16s loses the key %s\n",
				role_text(old->name),
				key_text(ring, &old->keys[i], text));
			n++;
		}
	if (old != NULL && new != NULL && old->threshold != new->threshold) {
		printf("  ! %-16s takes %u signatures, until now %u\n",
			role_text(new->name), new->threshold, old->threshold);
		n++;
	}
	return n;
}

static void
changes_print(const struct grants *old, const struct grants *new,
	struct keyring *ring)
{
	unsigned n = 0;
	size_t i;

	printf("changes\n");
	for (i = 0; i < new->n; i++)
		n += differences(grants_find(old, new->list[i].name),
			&new->list[i], ring);
	for (i = 0; i < old->n; i++)
		if (grants_find(new, old->list[i].name) == NULL)
			n += differences(&old->list[i], NULL, ring);
	if (n == 0)
		printf("  none but version and date\n");
}

static void
grants_print(const struct grants *g, struct keyring *ring)
{
	char text[KEY_TEXT];
	size_t i, k;

	printf("afterwards\n");
	for (i = 0; i < g->n; i++) {
		printf("    %-16s %u of %zu:", role_text(g->list[i].name),
			g->list[i].threshold, g->list[i].n);
		for (k = 0; k < g->list[i].n; k++)
			printf("%s %s", k == 0 ? "" : ",",
				key_text(ring, &g->list[i].keys[k], text));
		putchar('\n');
	}
}

enum err
explain_proposal(const struct proposal *p, struct keyring *ring, struct diag *d)
{
	const json_t *outlet = json_object_get(p->root->body, "x-erika-outlet");
	const char *name = json_string_value(json_object_get(outlet, "name"));
	struct grants old = {.n = 0}, new = {.n = 0};
	char until[DATE_SIZE];
	const struct tuf_doc *before =
		p->doc->type == TUF_ROOT ? p->root : p->before;
	enum err e = grants_read(p->doc, &new, d);

	if (e == ERR_OK && before != NULL)
		e = grants_read(before, &old, d);
	if (e == ERR_OK)
		e = press_identity_print(
			p->fingerprint, name == NULL ? "?" : name);
	if (e == ERR_OK) {
		date_format(until, p->doc->expires);
		printf("this    %s, version %llu, good until %s\n",
			tuf_type_str(p->doc->type),
			(unsigned long long)p->doc->version, until);
		changes_print(&old, &new, ring);
		grants_print(&new, ring);
	}
	grants_free(&old);
	grants_free(&new);
	return e;
}

enum err
explain_signatures(
	const struct proposal *p, struct keyring *ring, struct diag *d)
{
	struct tuf_rule rule;
	struct grant g;
	char text[KEY_TEXT];
	const char *whose;
	enum err e = ERR_OK;
	size_t i, k, have;

	for (i = 0; e == ERR_OK && proposal_rule(p, i, &rule, &whose); i++) {
		e = grant_read(&rule, tuf_type_str(p->doc->type), &g, d);
		if (e != ERR_OK)
			break;
		printf("by %s %llu of %zu must sign\n", whose,
			(unsigned long long)rule.threshold, g.n);
		have = 0;
		for (k = 0; k < g.n; k++) {
			bool good = tuf_signed(p->doc, &rule,
				json_string_value(
					json_array_get(rule.keyids, k)));

			printf("    %-7s %s\n", good ? "signed" : "-",
				key_text(ring, &g.keys[k], text));
			have += good;
		}
		if (have < rule.threshold)
			printf("    %zu missing\n",
				(size_t)rule.threshold - have);
	}
	if (e == ERR_OK)
		printf("%s\n", proposal_check(p, NULL) == ERR_OK
				       ? "complete"
				       : "not complete");
	return e;
}

static json_t *
rule_json(const struct proposal *p, const struct tuf_rule *rule,
	const char *whose, const struct grant *g)
{
	char number[2 * MINISIGN_KEYNUM + 1];
	json_t *keys = json_array();
	size_t k;

	for (k = 0; k < g->n; k++) {
		minisign_keynum_text(number, g->keys[k].keynum);
		json_array_append_new(keys,
			json_pack("{s:s, s:b}", "number", number, "signed",
				tuf_signed(p->doc, rule,
					json_string_value(json_array_get(
						rule->keyids, k)))));
	}
	return json_pack("{s:s, s:i, s:o}", "by", whose, "threshold",
		(int)g->threshold, "keys", keys);
}

enum err
explain_json(const struct proposal *p, struct diag *d)
{
	char hex[65];
	struct tuf_rule rule;
	struct grant g;
	const char *whose;
	json_t *rules = json_array(), *o;
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && proposal_rule(p, i, &rule, &whose); i++) {
		e = grant_read(&rule, tuf_type_str(p->doc->type), &g, d);
		if (e == ERR_OK)
			json_array_append_new(
				rules, rule_json(p, &rule, whose, &g));
	}
	text_hex(hex, p->fingerprint, 32);
	o = json_pack("{s:s, s:s, s:s, s:I, s:b, s:O}", "schema",
		"erika-proposal-status-1", "root", hex, "type",
		tuf_type_str(p->doc->type), "version",
		(json_int_t)p->doc->version, "complete",
		proposal_check(p, NULL) == ERR_OK, "rules", rules);
	if (e == ERR_OK)
		press_json_print(o);
	json_decref(o);
	json_decref(rules);
	return e;
}
