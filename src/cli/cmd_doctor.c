/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_doctor.c: krarup doctor. */
#include "command.h"
#include "plat_doctor.h"
#include "say.h"

static const char *port_text;

static const struct kri_option options[] = {
        { "port", 'p', "PORT", "can one listen there?", NULL, &port_text },
        { NULL, 0, NULL, NULL, NULL, NULL },
};

static void show(const char *name, const struct kri_finding *f)
{
        static const char *const marks[] = { "ok  ", "note", "BAD " };
        static const enum kri_colour colours[] = { KRI_GREEN, KRI_YELLOW, KRI_RED };

        kri_say_in(colours[f->health], "%s", marks[f->health]);
        kri_say("  %-14s %s\n", name, f->what);
        if (f->remedy[0] != 0)
                kri_say("      %-14s -> %s\n", "", f->remedy);
}

static int run(const struct kri_args *args)
{
        enum kri_health worst = KRI_WELL;
        struct kri_finding found;
        int64_t port;

        (void)args;
        if (port_text != NULL &&
            (!kri_option_number("port", port_text, 1, &port) || port > 65535))
                return KRI_USAGE;
        for (int i = 0; kri_checks[i].name != NULL; i++) {
                kri_checks[i].look(&found);
                show(kri_checks[i].name, &found);
                worst = found.health > worst ? found.health : worst;
        }
        if (port_text != NULL) {
                kri_check_port((int)port, &found);
                show("port", &found);
                worst = found.health > worst ? found.health : worst;
        }
        return worst == KRI_ILL ? KRI_FAILED : KRI_DONE;
}

const struct kri_command kri_command_doctor = {
        .name = "doctor",
        .arguments = "",
        .summary = "check limits, the kernel, programs; say what to do about them",
        .help = "Returns 1 if something will not work; a note is about something that could be\n"
                "faster or larger.\n"
                "\n"
                "Examples:\n"
                "\n"
                "    krarup doctor\n"
                "    krarup doctor --port 6380\n",
        .options = options,
        .run = run,
};
