#include "erika_report.h"

#include <stdio.h>
#include <string.h>

#include "../core/text.h"
#include "../sys/clock.h"

void
report_authentic(char *out, size_t size, const struct trust_verdict *v)
{
	snprintf(out, size,
		"authentic: signed by the outlet's keys (root %llu, %u of %u "
		"key%s)",
		(unsigned long long)v->root, v->root_threshold, v->root_keys,
		v->root_keys == 1 ? "" : "s");
}

void
report_fresh(char *out, size_t size, const struct trust_verdict *v, int64_t now)
{
	struct library_outlet o = {
		.synced = now, .as_of = v->as_of, .expires = v->expires};

	erika_fresh(out, size, &o, now);
}

static void
counts_print(const struct context *cx, const struct library_outlet *o,
	const struct sync_report *r)
{
	const struct library_counts *c = &r->counts;
	char shown[200], what[200] = "";
	size_t n = 0;

	text_show(shown, sizeof(shown), span_str(o->name));
	if (c->fresh > 0)
		n += (size_t)snprintf(
			what + n, sizeof(what) - n, ", %zu new", c->fresh);
	if (c->updated > 0)
		n += (size_t)snprintf(what + n, sizeof(what) - n,
			", %zu updated", c->updated);
	if (c->corrected > 0)
		n += (size_t)snprintf(what + n, sizeof(what) - n,
			", %zu corrected", c->corrected);
	if (c->retracted > 0)
		n += (size_t)snprintf(what + n, sizeof(what) - n,
			", %zu retracted", c->retracted);
	if (n > 0)
		talk(cx, "%s: %s", shown, what + 2);
	else
		talk(cx, "%s: nothing new", shown);
}

/* One line for a mirror that misbehaved; "" for one that did not. */
static void
mirror_line(char *out, size_t size, const struct sync_mirror *m)
{
	char name[100];

	text_show(name, sizeof(name), span_str(m->name));
	out[0] = '\0';
	switch (m->err) {
	case ERR_OK:
		if (m->stale)
			snprintf(out, size, "%s is stale: %s", name, m->why);
		break;
	case ERR_NETWORK:
	case ERR_TIMEOUT:
	case ERR_FAILED:
	case ERR_IO:
		snprintf(out, size, "%s is %s: %s", name, sync_deed(m->err),
			m->why);
		break;
	case ERR_MISSING:
		if (m->gone != SYNC_GONE_NOT) {
			snprintf(out, size,
				"%s, %s: %s; other mirrors may have it", name,
				m->file, m->why);
			break;
		}
		snprintf(out, size, "%s %s %s: %s", name,
			m->stale ? "is stale, and lacks" : "lacks", m->file,
			m->why);
		break;
	case ERR_TRUNCATED:
		snprintf(out, size, "%s cut %s short: truncated: %s", name,
			m->file, m->why);
		break;
	case ERR_SPLIT:
		snprintf(out, size, "%s carries %s, and is not to blame: %s",
			name, m->file, m->why);
		break;
	case ERR_ROLLBACK:
		snprintf(out, size, "%s is rolled back: %s", name, m->why);
		break;
	default:
		snprintf(out, size, "%s lied: %s is %s: %s", name, m->file,
			sync_deed(m->err), m->why);
		break;
	}
}

static void
mirrors_print(const struct context *cx, const struct sync_report *r)
{
	char line[1600];
	size_t i;

	for (i = 0; i < r->n_mirrors; i++) {
		mirror_line(line, sizeof(line), &r->mirrors[i]);
		if (line[0] != '\0')
			talk(cx, "  %s", line);
		else if (cx->verbose && r->mirrors[i].asked)
			talk(cx, "  %s %s",
				text_show(line, sizeof(line),
					span_str(r->mirrors[i].name)),
				!r->mirrors[i].worked
					? "was asked, but others were faster"
				: r->mirrors[i].small
					? "is fine, by small connections"
					: "is fine");
	}
}

static void
cost_print(const struct context *cx, const struct sync_report *news,
	const struct sync_report *pictures)
{
	unsigned requests = news->requests + pictures->requests;
	uint64_t bytes = news->bytes + pictures->bytes;
	double seconds = news->seconds + pictures->seconds;
	char size[TALK_SIZE];

	talk_size(size, bytes);
	if (requests > 0)
		talk(cx, "  received %s in %u request%s, %.1f s", size,
			requests, requests == 1 ? "" : "s", seconds);
	else if (bytes > 0)
		talk(cx, "  copied %s, %.1f s", size, seconds);
}

void
report_print(const struct context *cx, const struct library_outlet *o,
	const struct sync_report *news, const struct sync_report *pictures)
{
	char line[256];
	size_t i;

	if (cx->quiet)
		return;
	if (news->complete) {
		counts_print(cx, o, news);
		report_authentic(line, sizeof(line), &news->verdict);
		talk(cx, "  %s", line);
		report_fresh(line, sizeof(line), &news->verdict, clock_now());
		talk(cx, "  %s", line);
	} else {
		text_show(line, sizeof(line), span_str(o->name));
		talk(cx,
			"%s: nothing could be verified; what you have stays "
			"as it was",
			line);
	}
	if (pictures->images > 0)
		talk(cx, "  pictures: %zu", pictures->images);
	cost_print(cx, news, pictures);
	mirrors_print(cx, news);
	mirrors_print(cx, pictures);
	for (i = 0; i < news->n_notes; i++)
		talk(cx, "  %s", news->notes[i]);
	for (i = 0; i < pictures->n_notes; i++)
		talk(cx, "  %s", pictures->notes[i]);
	if (news->absent > 0)
		talk(cx,
			"  %zu bundle%s listed that could not be had; sync "
			"again, or from elsewhere",
			news->absent, news->absent == 1 ? " is" : "s are");
}

/* ---- JSON */

static json_t *
mirrors_json(const struct sync_report *r)
{
	json_t *a = json_array();
	char line[1600];
	size_t i;

	for (i = 0; i < r->n_mirrors; i++) {
		const struct sync_mirror *m = &r->mirrors[i];

		mirror_line(line, sizeof(line), m);
		json_array_append_new(
			a, json_pack("{s:o, s:o, s:b, s:s, s:I, s:s, s:s, s:I,"
				     " s:b}",
				   "name", erika_json_text(m->name), "url",
				   erika_json_text(m->url), "asked", m->asked,
				   "state",
				   m->err == ERR_OK && m->stale ? "stale"
				   : m->err == ERR_OK && m->asked && !m->worked
					   ? "late"
				   : m->err == ERR_MISSING &&
						   m->gone == SYNC_REMOVED
					   ? "removed"
				   : m->err == ERR_MISSING &&
						   m->gone == SYNC_WITHHELD
					   ? "withheld"
				   : m->err == ERR_OK ? "ok"
						      : sync_deed(m->err),
				   "version", (json_int_t)m->version, "message",
				   line, "strategy", m->strategy, "bytes",
				   (json_int_t)m->bytes, "small", m->small));
	}
	return a;
}

static json_t *
verdict_json(const struct sync_report *r)
{
	const struct trust_verdict *v = &r->verdict;

	return json_pack("{s:b, s:b, s:o, s:o, s:s, s:{s:I, s:i, s:i}, s:I}",
		"authentic", r->complete, "fresh", r->complete && !v->stale,
		"as_of", erika_json_date(v->as_of), "expires",
		erika_json_date(v->expires), "expires_first", v->stale_role,
		"root", "version", (json_int_t)v->root, "threshold",
		(int)v->root_threshold, "keys", (int)v->root_keys, "timestamp",
		(json_int_t)v->timestamp);
}

json_t *
report_json(const struct library_outlet *o, const struct sync_report *news,
	const struct sync_report *pictures)
{
	json_t *notes = json_array();
	char hex[65];
	size_t i;

	text_hex(hex, o->fingerprint, sizeof(o->fingerprint));
	for (i = 0; i < news->n_notes; i++)
		json_array_append_new(notes, json_string(news->notes[i]));
	return json_pack("{s:s, s:s, s:s, s:i, s:s, s:o, s:I, s:I, s:I, s:I, "
			 "s:I, s:I, s:I,"
			 " s:I, s:f, s:o, s:o}",
		"outlet", o->name, "fingerprint", hex, "result",
		err_str(news->err), "exit", err_exit(news->err), "why",
		news->err == ERR_OK ? "" : news->diag.why, "verdict",
		verdict_json(news), "new", (json_int_t)news->counts.fresh,
		"updated", (json_int_t)news->counts.updated, "corrected",
		(json_int_t)news->counts.corrected, "retracted",
		(json_int_t)news->counts.retracted, "absent",
		(json_int_t)news->absent, "pictures",
		(json_int_t)pictures->images, "bytes",
		(json_int_t)(news->bytes + pictures->bytes), "requests",
		(json_int_t)(news->requests + pictures->requests), "seconds",
		news->seconds + pictures->seconds, "mirrors",
		mirrors_json(news), "notes", notes);
}
