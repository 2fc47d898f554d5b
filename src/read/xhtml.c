#include "xhtml.h"

#include <expat.h>
#include <string.h>

#include "../core/limits.h"
#include "../core/markup.h"
#include "../core/text.h"

/* One pass. Every rule is applied in each pass, whether or not somebody
 * walks: what is shown is what was checked. */
struct pass {
	XML_Parser parser;
	xhtml_fn *fn; /* NULL: only check */
	void *arg;
	struct diag *diag;
	enum err err; /* the first failure; nothing happens after it */
	const struct markup_element *open[LIMIT_DEPTH];
	int depth;
};

static size_t
offset(const struct pass *ps)
{
	XML_Index at = XML_GetCurrentByteIndex(ps->parser);

	return at < 0 ? 0 : (size_t)at;
}

/* Stop at what is here: it is `what`, perhaps with a name of theirs. */
static void
refuse(struct pass *ps, const char *what, const char *name)
{
	char shown[48];

	if (ps->err != ERR_OK)
		return;
	text_show(shown, sizeof(shown), span_str(name == NULL ? "" : name));
	ps->err = diag_at(ps->diag, ERR_REFUSED, offset(ps),
		"article text, byte %zu: %s%s%s", offset(ps), what,
		name == NULL ? "" : " ", shown);
	XML_StopParser(ps->parser, XML_FALSE);
}

static void
tell(struct pass *ps, const struct xhtml_node *node)
{
	if (ps->err != ERR_OK || ps->fn == NULL)
		return;
	ps->err = ps->fn(ps->arg, node);
	if (ps->err != ERR_OK)
		XML_StopParser(ps->parser, XML_FALSE);
}

/* ---- elements */

static bool
element_ok(struct pass *ps, const struct markup_element *e, const char *name)
{
	int i;

	if (e == NULL) {
		refuse(ps, "unknown element", name);
		return false;
	}
	if (ps->depth == LIMIT_DEPTH) {
		refuse(ps, "nested too deeply:", name);
		return false;
	}
	if (!markup_holds(ps->depth == 0 ? NULL : ps->open[ps->depth - 1], e)) {
		refuse(ps, "element in the wrong place:", name);
		return false;
	}
	for (i = 0; markup_alone(e) && i < ps->depth; i++)
		if (ps->open[i] == e) {
			refuse(ps, "element inside itself:", name);
			return false;
		}
	return true;
}

static void
on_open(void *arg, const XML_Char *name, const XML_Char **atts)
{
	struct pass *ps = arg;
	const struct markup_element *e = markup_element(name);
	struct xhtml_attr attrs[LIMIT_ATTRS];
	struct xhtml_node node = {.event = XHTML_OPEN, .attrs = attrs};
	const char *required;

	if (ps->err != ERR_OK || !element_ok(ps, e, name))
		return;
	required = markup_required(e);
	for (; *atts != NULL; atts += 2) {
		if (node.n_attrs == LIMIT_ATTRS) {
			refuse(ps, "too many attributes on", name);
			return;
		}
		if (!markup_attr_known(e, atts[0])) {
			refuse(ps, "unknown attribute", atts[0]);
			return;
		}
		if (!markup_attr_ok(e, atts[0], span_str(atts[1]))) {
			refuse(ps, "wrong value of attribute", atts[0]);
			return;
		}
		if (required != NULL && strcmp(atts[0], required) == 0)
			required = NULL;
		attrs[node.n_attrs].name = atts[0];
		attrs[node.n_attrs].value = atts[1];
		node.n_attrs++;
	}
	if (required != NULL) {
		refuse(ps, "missing attribute", required);
		return;
	}
	ps->open[ps->depth++] = e;
	node.name = e->name;
	node.depth = ps->depth;
	tell(ps, &node);
}

static void
on_close(void *arg, const XML_Char *name)
{
	struct pass *ps = arg;
	struct xhtml_node node = {.event = XHTML_CLOSE, .depth = ps->depth};

	(void)name;
	/* expat matches the tags; after a stop it may still come by here. */
	if (ps->err != ERR_OK || ps->depth == 0)
		return;
	node.name = ps->open[--ps->depth]->name;
	tell(ps, &node);
}

/* ---- text */

static void
on_text(void *arg, const XML_Char *s, int n)
{
	struct pass *ps = arg;
	struct xhtml_node node = {.event = XHTML_TEXT, .depth = ps->depth};
	struct cursor c;
	uint32_t cp;

	if (ps->err != ERR_OK || ps->depth == 0 || n <= 0)
		return;
	node.text = span_of(s, (size_t)n);
	/* Once more after decoding: "&#x202e;" was ASCII in the first look. */
	for (c = (struct cursor){.in = node.text}; cursor_left(&c) > 0;)
		if (text_utf8_next(&c, &cp) != ERR_OK || text_forbidden(cp)) {
			refuse(ps, "forbidden character", NULL);
			return;
		}
	if (!markup_text_ok(ps->open[ps->depth - 1], node.text)) {
		refuse(ps, "text in the wrong place: in",
			ps->open[ps->depth - 1]->name);
		return;
	}
	tell(ps, &node);
}

/* ---- what XML has and articles have not */

static void
on_doctype(void *arg, const XML_Char *name, const XML_Char *sysid,
	const XML_Char *pubid, int subset)
{
	(void)name;
	(void)sysid;
	(void)pubid;
	(void)subset;
	refuse(arg, "document type declaration", NULL);
}

static void
on_pi(void *arg, const XML_Char *target, const XML_Char *data)
{
	(void)data;
	refuse(arg, "processing instruction", target);
}

static void
on_declaration(void *arg, const XML_Char *version, const XML_Char *encoding,
	int standalone)
{
	(void)version;
	(void)encoding;
	(void)standalone;
	refuse(arg, "XML declaration", NULL);
}

static void
on_comment(void *arg, const XML_Char *s)
{
	(void)s;
	refuse(arg, "comment", NULL);
}

static void
on_cdata(void *arg)
{
	refuse(arg, "CDATA section", NULL);
}

static void
on_entity(void *arg, const XML_Char *name, int is_parameter)
{
	(void)is_parameter;
	refuse(arg, "entity", name);
}

static XML_Parser
parser_new(struct pass *ps)
{
	XML_Parser p = XML_ParserCreate("UTF-8");

	if (p == NULL)
		return NULL;
	XML_SetUserData(p, ps);
	XML_SetElementHandler(p, on_open, on_close);
	XML_SetCharacterDataHandler(p, on_text);
	XML_SetStartDoctypeDeclHandler(p, on_doctype);
	XML_SetProcessingInstructionHandler(p, on_pi);
	XML_SetXmlDeclHandler(p, on_declaration);
	XML_SetCommentHandler(p, on_comment);
	XML_SetStartCdataSectionHandler(p, on_cdata);
	XML_SetSkippedEntityHandler(p, on_entity);
	return p;
}

/* The bytes themselves, before any XML: strict UTF-8 (so neither UTF-16 nor a
 * byte order mark), nothing forbidden, nothing around the root but one
 * newline at the end. */
static enum err
bytes_ok(struct span s, struct diag *d)
{
	static const char first[] = "<" MARKUP_ROOT, last[] = ">\n";
	struct cursor c = {.in = s};
	uint32_t cp;
	size_t end = s.n > 0 && s.p[s.n - 1] == '\n' ? 2 : 1;

	if (s.n > LIMIT_TEXT)
		return diag_set(d, ERR_LIMIT,
			"article text is larger than %zu bytes", LIMIT_TEXT);
	while (cursor_left(&c) > 0) {
		size_t at = c.pos;

		if (text_utf8_next(&c, &cp) != ERR_OK)
			return diag_at(d, ERR_SYNTAX, at,
				"article text, byte %zu: not UTF-8", at);
		if (text_forbidden(cp))
			return diag_at(d, ERR_REFUSED, at,
				"article text, byte %zu: forbidden character "
				"U+%04X",
				at, (unsigned)cp);
	}
	if (!span_starts(s, span_str(first)))
		return diag_at(d, ERR_REFUSED, 0,
			"article text does not begin with %s", first);
	if (s.n < end ||
		!span_eq(span_sub(s, s.n - end, end), span_of(last, end)))
		return diag_at(d, ERR_REFUSED, s.n,
			"article text does not end with its last tag");
	return ERR_OK;
}

static enum err
run(struct span s, xhtml_fn *fn, void *arg, struct diag *d)
{
	struct pass ps = {.fn = fn, .arg = arg, .diag = d};

	ps.parser = parser_new(&ps);
	if (ps.parser == NULL)
		return diag_set(d, ERR_NOMEM, "%s", err_str(ERR_NOMEM));
	/* All bytes in one call: expat looks again at an unfinished token on
	 * each new call, which small pieces make quadratic. */
	if (XML_Parse(ps.parser, (const char *)s.p, (int)s.n, XML_TRUE) !=
			XML_STATUS_OK &&
		ps.err == ERR_OK) {
		enum XML_Error code = XML_GetErrorCode(ps.parser);

		ps.err = diag_at(d,
			code == XML_ERROR_NO_MEMORY ? ERR_NOMEM : ERR_SYNTAX,
			offset(&ps), "article text, byte %zu: %s", offset(&ps),
			XML_ErrorString(code));
	}
	XML_ParserFree(ps.parser);
	return ps.err;
}

enum err
xhtml_check(const struct verified *text, struct diag *d)
{
	struct span s = verified_bytes(text);
	enum err e = bytes_ok(s, d);

	return e != ERR_OK ? e : run(s, NULL, NULL, d);
}

enum err
xhtml_walk(const struct verified *text, xhtml_fn *fn, void *arg, struct diag *d)
{
	enum err e = xhtml_check(text, d);

	return e != ERR_OK ? e : run(verified_bytes(text), fn, arg, d);
}

const char *
xhtml_attr(const struct xhtml_node *node, const char *name)
{
	size_t i;

	for (i = 0; i < node->n_attrs; i++)
		if (strcmp(node->attrs[i].name, name) == 0)
			return node->attrs[i].value;
	return NULL;
}

bool
xhtml_is(const struct xhtml_node *node, const char *name)
{
	return strcmp(node->name, name) == 0;
}
