/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_tree.c: krarup tree. */
#include "client.h"
#include "command.h"
#include "plat_socket.h"
#include "project.h"
#include "say.h"

static int run(const struct kri_args *args)
{
        int fd = kri_place_connect(args->count > 0 ? args->words[0] : NULL, NULL), status;

        if (fd < 0)
                return KRI_FAILED;
        status = kri_client_eval(fd, "c:tree().", false, NULL);
        kri_socket_close(fd);
        return status;
}

const struct kri_command kri_command_tree = {
        .name = "tree",
        .arguments = "[NAME]",
        .summary = "who supervises whom in a node, with memory and messages",
        .help = "Examples:\n"
                "\n"
                "    krarup tree\n"
                "    krarup tree counter\n",
        .args_max = 1,
        .run = run,
};
