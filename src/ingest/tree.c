#include "tree.h"

#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <limits.h>
#include <string.h>

#include "../core/limits.h"
#include "../core/text.h"

#define HTML_OPTIONS                                                           \
	(HTML_PARSE_RECOVER | HTML_PARSE_NONET | HTML_PARSE_NOERROR |          \
		HTML_PARSE_NOWARNING | HTML_PARSE_IGNORE_ENC |                 \
		HTML_PARSE_COMPACT | HTML_PARSE_NODEFDTD)
#define XML_OPTIONS                                                            \
	(XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |           \
		XML_PARSE_IGNORE_ENC | XML_PARSE_COMPACT | XML_PARSE_NOCDATA)

xmlNode *
tree_next(const xmlNode *root, const xmlNode *n, bool down)
{
	/* An entity reference's child is its declaration, not content. */
	if (down && n->children != NULL && n->type != XML_ENTITY_REF_NODE &&
		n->type != XML_DTD_NODE)
		return n->children;
	while (n != root) {
		if (n->next != NULL)
			return n->next;
		n = n->parent;
		if (n == NULL)
			return NULL;
	}
	return NULL;
}

/* Whether no element of the tree is deeper than LIMIT_DEPTH. */
static bool
shallow(const xmlDoc *doc)
{
	const xmlNode *root = xmlDocGetRootElement(doc), *n = root;
	int depth = 1;

	while (n != NULL) {
		if (n->children != NULL && n->type == XML_ELEMENT_NODE) {
			if (++depth > LIMIT_DEPTH + 1)
				return false;
			n = n->children;
			continue;
		}
		while (n != NULL && n != root && n->next == NULL) {
			n = n->parent;
			depth--;
		}
		n = n == root ? NULL : n == NULL ? NULL : n->next;
	}
	return true;
}

static enum err
deep(struct diag *d)
{
	return diag_set(d, ERR_REFUSED, "elements nest deeper than %d levels",
		LIMIT_DEPTH);
}

enum err
tree_html(struct span utf8, xmlDocPtr *out, struct diag *d)
{
	htmlParserCtxtPtr ctxt;
	enum err e = ERR_OK;

	*out = NULL;
	if (utf8.n > LIMIT_SOURCE || utf8.n > INT_MAX)
		return diag_set(d, ERR_LIMIT, "larger than %zu MiB",
			LIMIT_SOURCE / LIMIT_MIB);
	ctxt = htmlNewParserCtxt();
	if (ctxt == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	*out = htmlCtxtReadMemory(ctxt, utf8.n == 0 ? "" : (const char *)utf8.p,
		(int)utf8.n, NULL, "UTF-8", HTML_OPTIONS);
	/* Whatever makes the parser stop early would be lost unsaid. */
	if (ctxt->disableSAX && ctxt->errNo == XML_ERR_NO_MEMORY)
		e = diag_set(d, ERR_LIMIT,
			"a run of text over 10 MB, or memory ran out");
	else if (ctxt->disableSAX)
		e = deep(d);
	else if (*out == NULL || xmlDocGetRootElement(*out) == NULL)
		e = diag_set(d, ERR_SYNTAX, "nothing in it that is HTML");
	else if (!shallow(*out))
		e = deep(d);
	htmlFreeParserCtxt(ctxt);
	if (e != ERR_OK) {
		xmlFreeDoc(*out);
		*out = NULL;
	}
	return e;
}

static enum err
xml_error(const xmlParserCtxt *ctxt, struct diag *d)
{
	const xmlError *x = &ctxt->lastError;
	char why[160];
	size_t n;

	if (x->code == XML_ERR_NO_MEMORY)
		return diag_set(d, ERR_NOMEM, "out of memory");
	n = x->message == NULL ? 0 : strcspn(x->message, "\n");
	return diag_set(d, ERR_SYNTAX, "line %d: not well-formed XML: %s",
		x->line, text_show(why, sizeof(why), span_of(x->message, n)));
}

enum err
tree_xml(struct span utf8, xmlDocPtr *out, struct diag *d)
{
	xmlParserCtxtPtr ctxt;
	enum err e = ERR_OK;

	*out = NULL;
	if (utf8.n > LIMIT_SOURCE || utf8.n > INT_MAX)
		return diag_set(d, ERR_LIMIT, "larger than %zu MiB",
			LIMIT_SOURCE / LIMIT_MIB);
	ctxt = xmlNewParserCtxt();
	if (ctxt == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	*out = xmlCtxtReadMemory(ctxt, utf8.n == 0 ? "" : (const char *)utf8.p,
		(int)utf8.n, NULL, "UTF-8", XML_OPTIONS);
	if (*out == NULL || !ctxt->wellFormed)
		e = xml_error(ctxt, d);
	else if ((*out)->intSubset != NULL &&
		 (*out)->intSubset->children != NULL)
		e = diag_set(d, ERR_REFUSED,
			"it declares entities or a document type of its own");
	else if (!shallow(*out))
		e = deep(d);
	xmlFreeParserCtxt(ctxt);
	if (e != ERR_OK) {
		xmlFreeDoc(*out);
		*out = NULL;
	}
	return e;
}

bool
tree_is(const xmlNode *n, const char *name)
{
	return n->type == XML_ELEMENT_NODE &&
	       strcmp((const char *)n->name, name) == 0;
}

const char *
tree_attr(const xmlNode *n, const char *name)
{
	bool xml = strncmp(name, "xml:", 4) == 0;
	const xmlAttr *a;

	if (n->type != XML_ELEMENT_NODE)
		return NULL;
	for (a = n->properties; a != NULL; a = a->next) {
		const char *got = (const char *)a->name;
		bool here =
			a->ns == NULL
				? strcmp(got, name) == 0
				: xml &&
					  strcmp((const char *)a->ns->href,
						  (const char *)
							  XML_XML_NAMESPACE) ==
						  0 &&
					  strcmp(got, name + 4) == 0;

		if (!here)
			continue;
		if (a->children == NULL)
			return "";
		if (a->children->type == XML_TEXT_NODE &&
			a->children->next == NULL)
			return (const char *)a->children->content;
	}
	return NULL;
}

static bool
silent(const xmlNode *n)
{
	return tree_is(n, "script") || tree_is(n, "style") ||
	       tree_is(n, "template") || tree_is(n, "head");
}

static bool
ends_line(const xmlNode *n)
{
	static const char *const names[] = {"p", "br", "div", "li", "td", "th",
		"h1", "h2", "h3", "h4", "h5", "h6", "tr", "dd", "dt", "hr",
		"figcaption", "blockquote", "pre", "section"};
	size_t i;

	if (n->type != XML_ELEMENT_NODE)
		return false;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp((const char *)n->name, names[i]) == 0)
			return true;
	return false;
}

enum err
tree_text(const xmlNode *root, struct buf *b)
{
	const xmlNode *n = root;
	enum err e = ERR_OK;

	while (e == ERR_OK && n != NULL) {
		bool down = !silent(n);

		if ((n->type == XML_TEXT_NODE ||
			    n->type == XML_CDATA_SECTION_NODE) &&
			n->content != NULL)
			e = buf_str(b, (const char *)n->content);
		else if (ends_line(n))
			e = buf_u8(b, ' ');
		n = tree_next(root, n, down);
	}
	return e;
}

size_t
tree_weight(const xmlNode *root)
{
	const xmlNode *n = root;
	size_t weight = 0;
	bool gap = true;

	while (n != NULL) {
		const xmlChar *s = n->content;

		if (n->type != XML_TEXT_NODE &&
			n->type != XML_CDATA_SECTION_NODE)
			s = NULL;
		for (; s != NULL && *s != 0; s++) {
			bool space = *s <= ' ';

			weight += !space || !gap;
			gap = space;
		}
		n = tree_next(root, n, !silent(n));
	}
	return weight;
}
