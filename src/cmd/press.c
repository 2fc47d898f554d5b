#include "press.h"

#include <sys/resource.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "../core/text.h"
#include "../core/words.h"

static const char about[] =
	"erika-press packs and signs a newsroom's articles and puts them on "
	"mirrors.";

static const struct command commands[] = {
	{"init", "[--apart] [--root-keys N --threshold K] --name NAME DIR",
		"make a newsroom: its folder and its keys", press_init},
	{"key", "[-C DIR] new NAME | list",
		"make a key, or list what each may sign", press_key},
	{"desk", "[-C DIR] [--key PUB] add|rotate|remove NAME | list",
		"say who signs which desk's bundles", press_desk},
	{"pack",
		"[-C DIR] [--desk DESK] [--images DIR] [--correction TEXT] "
		"PATH...",
		"turn pages and feeds into a signed bundle", press_pack},
	{"preview", "[-C DIR] [--html FILE] [ARTICLE]",
		"show what readers will see", press_preview},
	{"publish", "[-C DIR] [--all] [--check] [MIRROR...]",
		"sign what is due and copy what is new to the mirrors",
		press_publish},
	{"retract", "[-C DIR] [--desk DESK] --reason TEXT ARTICLE",
		"withdraw an article, openly", press_retract},
	{"seal", "[-C DIR] [--key PUB]",
		"move past weeks from the desks to the archive", press_seal},
	{"root",
		"[-C DIR] [--key FILE] new|sign|status|install "
		"[CHANGE|FILE...]",
		"change who signs the top of everything, in a ceremony",
		press_root},
	{"targets",
		"[-C DIR] [--key FILE] new|sign|status|install "
		"[CHANGE|FILE...]",
		"the same for desks, archive and mirror list", press_targets},
	{"countries",
		"[-C DIR] --country CC [--since DAY --until DAY] [--site HOST] "
		"[--dry-run] import FILE...",
		"learn from OONI who is blocked where", press_countries},
	{"mirrors",
		"[-C DIR] [-o FILE] list|check|link|qr|add|remove [MIRROR...]",
		"where readers fetch, and how they are told", press_mirrors},
	{"status", "[-C DIR]", "what is packed, published and expiring",
		press_status},
	{NULL, NULL, NULL, NULL},
};

/* Keys and passphrases are in memory here: no core dump, and nobody but root
 * may look into this process. */
static void
memory_guard(void)
{
	const struct rlimit none = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &none);
#ifdef __linux__
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

int
main(int argc, char **argv)
{
	memory_guard();
	return command_main("erika-press", about, commands, argc, argv);
}

enum err
press_identity_print(const uint8_t fingerprint[static 32], const char *name)
{
	const char *w[8];
	char hex[65], shown[256];

	words_of(fingerprint, w);
	text_hex(hex, fingerprint, 32);
	printf("outlet  %s\n", text_show(shown, sizeof(shown), span_str(name)));
	printf("words   %s %s %s %s %s %s %s %s\n", w[0], w[1], w[2], w[3],
		w[4], w[5], w[6], w[7]);
	printf("root    %s\n", hex);
	return ERR_OK;
}
