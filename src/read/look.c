#include "look.h"

#include <string.h>

#include "wrap.h"

#define ZERO_WIDTH_SPACE "\xe2\x80\x8b"

static const struct look looks[] = {
	{.name = "article", .blank = true},
	{.name = "section", .blank = true},
	{.name = "blockquote", .blank = true},
	{.name = "figure", .blank = true},
	{.name = "figcaption", .style = WRAP_ITALIC},
	{.name = "details", .blank = true},
	{.name = "summary", .style = WRAP_BOLD},
	{.name = "p", .blank = true},
	{.name = "h1", .style = WRAP_BOLD, .blank = true},
	{.name = "h2", .style = WRAP_BOLD, .blank = true},
	{.name = "h3", .style = WRAP_BOLD, .blank = true},
	{.name = "h4", .style = WRAP_BOLD, .blank = true},
	{.name = "h5", .style = WRAP_BOLD, .blank = true},
	{.name = "h6", .style = WRAP_BOLD, .blank = true},
	{.name = "pre", .blank = true},
	{.name = "hr", .style = WRAP_DIM, .blank = true},
	{.name = "ul", .blank = true},
	{.name = "ol", .blank = true},
	{.name = "dl", .blank = true},
	{.name = "dt", .style = WRAP_BOLD},
	{.name = "table", .blank = true},
	{.name = "caption", .style = WRAP_ITALIC},
	{.name = "th", .style = WRAP_BOLD},
	{.name = "em", .style = WRAP_ITALIC},
	{.name = "i", .style = WRAP_ITALIC},
	{.name = "cite", .style = WRAP_ITALIC},
	{.name = "var", .style = WRAP_ITALIC},
	{.name = "strong", .style = WRAP_BOLD},
	{.name = "b", .style = WRAP_BOLD},
	{.name = "mark", .style = WRAP_BOLD},
	{.name = "u", .style = WRAP_UNDERLINE},
	{.name = "ins", .style = WRAP_UNDERLINE},
	{"s", WRAP_STRIKE, false, "~~", "~~", true},
	{"del", WRAP_STRIKE, false, "~~", "~~", true},
	{.name = "small", .style = WRAP_DIM},
	{.name = "sup", .before = "^"},
	{.name = "q", .before = "\xe2\x80\x9c", .after = "\xe2\x80\x9d"},
	{.name = "rt", .before = "(", .after = ")"},
	{.name = "wbr", .before = ZERO_WIDTH_SPACE},
};

static const struct look other = {.name = ""};

const struct look *
look_of(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
		if (strcmp(looks[i].name, name) == 0)
			return &looks[i];
	return &other;
}
