#include "erika.h"

static const char about[] =
	"erika fetches a newsroom's articles past a censor and checks who "
	"signed them.\n"
	"It begins with erika add, and the link or file that the newsroom "
	"gave you.";

static const struct command commands[] = {
	{"add",
		"[--mirror URL]... [--mirror-file FILE] [--words WORDS] "
		"[--country CC] [--proxy URL] [--http] [--network NAME] "
		"[--require-sandbox] [FILE|LINK|FOLDER|URL|OUTLET]",
		"trust an outlet, or add mirrors to one", erika_add},
	{"sync",
		"[--from PATH] [--country CC] [--proxy URL] [--http] "
		"[--network NAME] [--require-sandbox] [--since DATE] "
		"[--images] "
		"[OUTLET]",
		"get what is new", erika_sync},
	{"list", "[-n N] [--all] [--language LL] [--outlet NAME]",
		"show headlines, newest first", erika_list},
	{"read", "[--width N] NUMBER|ID", "show an article", erika_read},
	{"verify",
		"[--key PUB] [--signature FILE] [--root FILE] [--words WORDS] "
		"FILE",
		"check a bundle, a share file or a proof", erika_verify},
	{"share",
		"[--since DATE] [--until DATE] [--images] [--yes] -o FILE "
		"[OUTLET]",
		"write news to a file for others", erika_share},
	{"outlets", "[--country CC] [--proof FILE] [OUTLET]",
		"list whom you trust, or what is blocked where", erika_outlets},
	{"doctor",
		"[--export FILE] [--country CC] [--proxy URL] [--http] "
		"[--network NAME] [--require-sandbox] [--seconds N] [--yes] "
		"[OUTLET]",
		"try what works here, mirror by mirror", erika_doctor},
	{"forget", "[--networks] [--read] [--all] [--yes] [OUTLET]",
		"delete for good", erika_forget},
	{NULL, NULL, NULL, NULL},
};

int
main(int argc, char **argv)
{
	return command_main("erika", about, commands, argc, argv);
}
