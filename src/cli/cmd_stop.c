/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_stop.c: krarup stop. */
#include "client.h"
#include "command.h"
#include "plat_pid.h"
#include "plat_socket.h"
#include "project.h"
#include "say.h"

static bool kills;
static const char *timeout;

static const struct kri_option options[] = {
        { "timeout", 't', "SECONDS", "how long it may take [30]", NULL, &timeout },
        { "kill", 'k', NULL, "then kill it", &kills, NULL },
        { NULL, 0, NULL, NULL, NULL, NULL },
};

static int await_end(const struct kri_place *place, int64_t pid, int64_t seconds)
{
        bool ended;

        kri_busy_begin("stopping");
        ended = kri_pid_await_end(place->pid_file, pid, seconds * 1000);
        kri_busy_end();
        if (ended) {
                kri_say("%s has stopped\n", place->name);
                return KRI_DONE;
        }
        if (!kills) {
                kri_complain("%s has not stopped within %lld seconds; --kill ends it",
                             place->name, (long long)seconds);
                return KRI_FAILED;
        }
        if (!kri_pid_end(place->pid_file, pid, true) ||
            !kri_pid_await_end(place->pid_file, pid, 10000)) {
                kri_complain("%s cannot be killed", place->name);
                return KRI_FAILED;
        }
        kri_say("%s has been killed\n", place->name);
        return KRI_DONE;
}

static int run(const struct kri_args *args)
{
        struct kri_place place = { .name = "" };
        int64_t seconds = 30, pid;
        int fd;

        if (timeout != NULL && !kri_option_number("timeout", timeout, 0, &seconds))
                return KRI_USAGE;
        fd = kri_place_connect(args->count > 0 ? args->words[0] : NULL, &place);
        pid = place.name[0] != 0 ? kri_pid_holder(place.pid_file) : 0;
        if (fd < 0 && pid == 0)
                return KRI_FAILED;
        /* whoever cannot be asked is told by a signal, which comes to the same */
        if (fd < 0 || !kri_client_stop(fd))
                (void)kri_pid_end(place.pid_file, pid, false);
        if (fd >= 0)
                kri_socket_close(fd);
        return await_end(&place, pid, seconds);
}

const struct kri_command kri_command_stop = {
        .name = "stop",
        .arguments = "[NAME]",
        .summary = "stop a node in order",
        .help = "Its applications stop in reverse order, each server terminates. Returns when the\n"
                "program has ended.\n"
                "\n"
                "Examples:\n"
                "\n"
                "    krarup stop\n"
                "    krarup stop counter --timeout 5 --kill\n",
        .options = options,
        .args_max = 1,
        .run = run,
};
