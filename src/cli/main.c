/* SPDX-License-Identifier: Apache-2.0 */
/* main.c: krarup, the command. Returns 0: done, 1: it failed, 2: it was not understood. */
#include "command.h"
#include "compile.h"
#include "plat_file.h"
#include "say.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

/* What was said has to have arrived. */
static int finish(int status)
{
        if (fflush(stdout) == 0 && !ferror(stdout))
                return status;
        kri_complain("standard output cannot be written");
        return status != KRI_DONE ? status : KRI_FAILED;
}

static int run(int argc, char **argv)
{
        const struct kri_command *command;

        if (argc < 2) {
                kri_show_overview();
                return KRI_USAGE;
        }
        if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
                kri_show_overview();
                return KRI_DONE;
        }
        if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0 ||
            strcmp(argv[1], "version") == 0) {
                kri_say("krarup %s\n", kr_version());
                return KRI_DONE;
        }
        command = kri_command_find(argv[1]);
        return command == NULL ? KRI_USAGE
                               : kri_command_run_line(command, argc - 2, argv + 2);
}

int main(int argc, char **argv)
{
        (void)setlocale(LC_CTYPE, "");
        kri_standard_open();
        kri_compile_prepare();
        return finish(run(argc, argv));
}
