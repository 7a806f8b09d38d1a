/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_help.c: krarup help. */
#include "command.h"
#include "say.h"

static int run(const struct kri_args *args)
{
        const struct kri_command *command;

        if (args->count == 0) {
                kri_show_overview();
                return KRI_DONE;
        }
        command = kri_command_find(args->words[0]);
        if (command == NULL)
                return KRI_USAGE;
        kri_command_show_help(command);
        return KRI_DONE;
}

const struct kri_command kri_command_help = {
        .name = "help",
        .arguments = "[COMMAND]",
        .summary = "what the commands do",
        .help = "Examples:\n\n    krarup help\n    krarup help new\n",
        .args_max = 1,
        .run = run,
};
