/* OONI's aggregation as JSON:
 * {"v":0,"dimension_count":n,"result":[{...}],...}, and without an axis one
 * object in place of the list. */
#include <string.h>

#include "../core/json.h"
#include "../core/limits.h"
#include "../core/text.h"
#include "measure_private.h"

/* OONI says what is wrong with a question in the body of a reply that looks
 * like success. */
static enum err
no_result(const json_t *o, struct diag *d)
{
	static const char *const names[] = {
		"error", "msg", "message", "detail", "title"};
	char shown[160];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const json_t *v = json_object_get(o, names[i]);

		if (!json_is_string(v))
			continue;
		return diag_set(d, ERR_SYNTAX,
			"it is an error of OONI's instead of measurements: %s",
			text_show(shown, sizeof(shown),
				span_of(json_string_value(v),
					json_string_length(v))));
	}
	return diag_set(d, ERR_SYNTAX,
		"it has no \"result\", so it is not OONI's aggregation");
}

/* A string, or nothing when the member is not there, null or empty. */
static enum err
text_get(const struct measure_build *b, const json_t *o, const char *name,
	struct span *out, struct diag *d)
{
	const json_t *v = json_object_get(o, name);

	*out = span_of(NULL, 0);
	if (v == NULL || json_is_null(v))
		return ERR_OK;
	if (!json_is_string(v))
		return diag_set(
			d, ERR_SYNTAX, "%s: \"%s\" is no string", b->at, name);
	*out = span_of(json_string_value(v), json_string_length(v));
	return ERR_OK;
}

static enum err
count_get(const struct measure_build *b, const json_t *o, const char *name,
	uint64_t *out, struct diag *d)
{
	const json_t *v = json_object_get(o, name);

	if (!json_is_integer(v) || json_integer_value(v) < 0 ||
		json_integer_value(v) > LIMIT_COUNTED)
		return diag_set(d, ERR_SYNTAX,
			"%s: \"%s\" is missing or no count", b->at, name);
	*out = (uint64_t)json_integer_value(v);
	return ERR_OK;
}

static enum err
row_read(struct measure_build *b, const json_t *o, struct diag *d)
{
	struct measure_row r = {.measured = 0};
	const struct {
		const char *name;
		struct span *to;
	} texts[] = {{"domain", &r.host}, {"input", &r.input},
		{"probe_cc", &r.country}, {"test_name", &r.test},
		{"category_code", &r.category}, {"blocking_type", &r.how},
		{"measurement_start_day", &r.day}};
	const struct {
		const char *name;
		uint64_t *to;
	} counts[] = {{"measurement_count", &r.measured},
		{"confirmed_count", &r.confirmed},
		{"anomaly_count", &r.anomalies}, {"failure_count", &r.failures},
		{"ok_count", &r.fine}};
	enum err e = ERR_OK;
	size_t i;

	if (!json_is_object(o))
		return diag_set(d, ERR_SYNTAX, "%s is no object", b->at);
	for (i = 0; e == ERR_OK && i < sizeof(texts) / sizeof(*texts); i++)
		e = text_get(b, o, texts[i].name, texts[i].to, d);
	for (i = 0; e == ERR_OK && i < sizeof(counts) / sizeof(*counts); i++)
		e = count_get(b, o, counts[i].name, counts[i].to, d);
	return e == ERR_OK ? measure_row_add(b, &r, d) : e;
}

enum err
measure_json(struct measure_build *b, struct span s, struct diag *d)
{
	const json_t *result, *v;
	json_t *o;
	size_t i;
	enum err e;

	if (s.p[0] == '[')
		return diag_set(d, ERR_SYNTAX,
			"it is a list, not the object that OONI sends");
	e = json_parse(s, LIMIT_SOURCE, &o, d);
	if (e != ERR_OK)
		return e;
	result = json_object_get(o, "result");
	v = json_object_get(o, "v");
	if (result == NULL)
		e = no_result(o, d);
	else if (!json_is_integer(v) || json_integer_value(v) != 0)
		e = diag_set(d, ERR_UNSUPPORTED,
			"another version of OONI's aggregation than 0");
	else if (json_is_object(result)) {
		snprintf(b->at, sizeof(b->at), "the result");
		e = row_read(b, result, d);
	} else if (!json_is_array(result))
		e = diag_set(d, ERR_SYNTAX, "\"result\" is no list");
	for (i = 0; e == ERR_OK && i < json_array_size(result); i++) {
		snprintf(b->at, sizeof(b->at), "row %zu", i + 1);
		e = row_read(b, json_array_get(result, i), d);
	}
	json_decref(o);
	return e;
}
