/* erika-mirror: a node that keeps and serves copies, and holds no key. */
#include "command.h"
#include "mirror_config.h"

static const struct command table[] = {
	{"init",
		"[--publisher WHO] [--listen ADDR] [--store SIZE] "
		"[--traffic SIZE] [--root DIR] [--prefix PATH] [FOLDER]",
		"write a configuration to start from", mirror_init},
	{"check", "[-c FILE] [--root DIR] [--listen ADDR] [--prefix PATH]",
		"read a configuration and say what serve would do",
		mirror_check},
	{"serve", "[-c FILE] [--root DIR] [--listen ADDR] [--prefix PATH]",
		"serve a published folder to readers", mirror_serve},
	{"pull", "[-c FILE] [--root DIR] [--every MINUTES]",
		"fetch what is new from other mirrors", mirror_pull},
	{"status", "[-c FILE]",
		"show what is held, its age, the disk and the month's traffic",
		mirror_status},
	{"block", "[-c FILE] [--list] [--remove] [--reason TEXT] [NAME]",
		"hand a file out no longer, and say why", mirror_block},
	{NULL, NULL, NULL, NULL},
};

int
main(int argc, char **argv)
{
	return command_main("erika-mirror",
		"erika-mirror keeps and serves copies of signed news.", table,
		argc, argv);
}
