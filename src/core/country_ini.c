/* Country tables as people write them: INI. */
#include <stdlib.h>
#include <string.h>

#include "country_priv.h"
#include "ini.h"
#include "limits.h"
#include "text.h"

struct table {
	struct countries *out;
	enum country_word word;
};

/* ---- [country "RU"] */

static enum err
strategies_key(struct country *c, const char *value, struct diag *d)
{
	struct span words[STRATEGY_COUNT + 1];
	size_t n = 0;

	/* One more than there are repeats one, which is refused there. */
	while (n < STRATEGY_COUNT + 1 && country_word_next(&value, &words[n]))
		n++;
	return country_order_set(c, words, n, ERR_CONFIG, d);
}

static enum err
country_key(
	struct country *c, const char *key, const char *value, struct diag *d)
{
	struct span word;
	enum err e = ERR_OK;

	if (strcmp(key, "strategies") == 0)
		return strategies_key(c, value, d);
	if (strcmp(key, "avoid-hosts") == 0) {
		while (e == ERR_OK && country_word_next(&value, &word))
			e = country_avoid_add(c, word, ERR_CONFIG, d);
		return e;
	}
	if (strcmp(key, "mirrors") == 0) {
		while (e == ERR_OK && country_word_next(&value, &word))
			e = country_mirror_add(c, word, ERR_CONFIG, d);
		return e;
	}
	if (strcmp(key, "name") != 0)
		return ini_unknown(
			key, "name strategies mirrors avoid-hosts", d);
	if (!text_line_ok(span_str(value), LIMIT_ID))
		return diag_set(d, ERR_CONFIG, "not a name of a country");
	return country_text(&c->name, value, d);
}

/* ---- [blocked "RU site.example"] */

static enum err
how_key(struct blocked *b, const char *value, struct diag *d)
{
	struct span word;
	char shown[32];
	size_t bit;

	while (country_word_next(&value, &word)) {
		for (bit = 0; bit < BLOCKED_HOW; bit++)
			if (span_eq(word, span_str(blocked_how_name(bit))))
				break;
		if (bit == BLOCKED_HOW || (b->how & 1u << bit) != 0)
			return diag_set(d, ERR_CONFIG,
				"\"%s\": how is dns, tcp_ip, http-failure "
				"and http-diff, each once",
				text_show(shown, sizeof(shown), word));
		b->how |= 1u << bit;
	}
	return ERR_OK;
}

static enum err
site_text(struct blocked *b, const char *key, const char *value, bool *known,
	struct diag *d)
{
	struct span s = span_str(value);

	*known = true;
	if (strcmp(key, "name") == 0)
		return text_line_ok(s, LIMIT_AUTHOR)
			       ? country_text(&b->name, value, d)
			       : diag_set(d, ERR_CONFIG, "not a name");
	if (strcmp(key, "source") == 0)
		return text_line_ok(s, LIMIT_EVIDENCE)
			       ? country_text(&b->source, value, d)
			       : diag_set(d, ERR_CONFIG,
					 "a source is one line of text");
	if (strcmp(key, "since") == 0)
		return country_date_ok(s, false)
			       ? country_text(&b->since, value, d)
			       : diag_set(d, ERR_CONFIG,
					 "since is like 2022-03-04, 2022-03 "
					 "or 2022");
	if (strcmp(key, "from") == 0 || strcmp(key, "until") == 0)
		return country_date_ok(s, true)
			       ? country_text(
					 key[0] == 'f' ? &b->from : &b->until,
					 value, d)
			       : diag_set(d, ERR_CONFIG,
					 "%s is a day like 2022-03-04", key);
	*known = false;
	return ERR_OK;
}

static enum err
site_key(struct blocked *b, const char *key, const char *value, struct diag *d)
{
	uint64_t *count = NULL;
	bool known;
	enum err e = site_text(b, key, value, &known, d);

	if (e != ERR_OK || known)
		return e;
	if (strcmp(key, "how") == 0)
		return how_key(b, value, d);
	if (strcmp(key, "measured") == 0)
		count = &b->measured;
	else if (strcmp(key, "confirmed") == 0)
		count = &b->confirmed;
	else if (strcmp(key, "anomalies") == 0)
		count = &b->anomalies;
	if (count == NULL)
		return ini_unknown(key,
			"name source since from until how measured confirmed "
			"anomalies",
			d);
	if (text_decimal(span_str(value), LIMIT_COUNTED, count) != ERR_OK)
		return diag_set(d, ERR_CONFIG, "%s is a number", key);
	return ERR_OK;
}

/* ---- the file */

static enum err
table_key(void *arg, const char *section, const char *label, const char *key,
	const char *value, struct diag *d)
{
	struct table *t = arg;
	bool site = strcmp(section, "blocked") == 0;
	struct span code = span_str(label);
	struct country *c = NULL;
	struct blocked *b = NULL;
	enum err e;

	if (!site && strcmp(section, "country") != 0)
		return diag_set(d, ERR_CONFIG,
			"\"%s = ...\" stands outside [country \"XX\"] and "
			"[blocked \"XX SITE\"]",
			key);
	if (site)
		code.n = strcspn(label, " ");
	e = country_of(t->out, code, &c, ERR_CONFIG, d);
	if (e != ERR_OK)
		return e;
	if (!site) {
		c->word = t->word;
		return country_key(c, key, value, d);
	}
	e = country_site(c, span_str(label + code.n + (label[code.n] == ' ')),
		&b, ERR_CONFIG, d);
	if (e != ERR_OK)
		return e;
	b->word = t->word;
	return site_key(b, key, value, d);
}

enum err
countries_parse(struct span s, const char *file, enum country_word word,
	struct countries *out, struct diag *d)
{
	struct table t = {.out = out, .word = word};
	enum err e;
	size_t i, k;

	*out = (struct countries){0};
	e = ini_parse(s, file, table_key, &t, d);
	for (i = 0; e == ERR_OK && i < out->n; i++) {
		const struct country *c = &out->list[i];

		for (k = 0; e == ERR_OK && k < c->n_blocked; k++)
			e = country_site_check(
				c, &c->blocked[k], ERR_CONFIG, d);
		if (e != ERR_OK)
			diag_prefix(d, e, "%s", file);
	}
	if (e != ERR_OK)
		countries_clear(out);
	return e;
}

/* ---- back again */

static enum err
line_add(struct buf *out, const char *key, const char *value)
{
	return value == NULL ? ERR_OK
			     : buf_printf(out, "%s = %s\n", key, value);
}

static enum err
count_add(struct buf *out, const char *key, uint64_t n)
{
	return buf_printf(out, "%s = %llu\n", key, (unsigned long long)n);
}

enum err
blocked_write(const char *code, const struct blocked *b, struct buf *out)
{
	const char *sep = "how = ";
	size_t bit;
	enum err e = buf_printf(out, "[blocked \"%s %s\"]\n", code, b->host);

	if (e == ERR_OK)
		e = line_add(out, "name", b->name);
	if (e == ERR_OK)
		e = line_add(out, "since", b->since);
	for (bit = 0; e == ERR_OK && bit < BLOCKED_HOW; bit++) {
		if ((b->how & 1u << bit) == 0)
			continue;
		e = buf_printf(out, "%s%s", sep, blocked_how_name(bit));
		sep = ", ";
	}
	if (e == ERR_OK && b->how != 0)
		e = buf_str(out, "\n");
	if (e == ERR_OK)
		e = line_add(out, "source", b->source);
	if (e == ERR_OK && b->measured > 0)
		e = count_add(out, "measured", b->measured);
	if (e == ERR_OK && b->measured > 0)
		e = count_add(out, "confirmed", b->confirmed);
	if (e == ERR_OK && b->measured > 0)
		e = count_add(out, "anomalies", b->anomalies);
	if (e == ERR_OK)
		e = line_add(out, "from", b->from);
	if (e == ERR_OK)
		e = line_add(out, "until", b->until);
	return e;
}
