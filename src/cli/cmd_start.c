/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_start.c: krarup start: a node behind, or in the foreground for systemd and the like. */
#include "command.h"
#include "host.h"
#include "plat_pid.h"
#include "plat_run.h"
#include "plat_wait.h"
#include "say.h"
#include "serve.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ARGS_MAX KRI_HOST_ARGS_MAX
#define SHOWN_BYTES ((size_t)1 << 20)

static bool foreground, no_build;
static const char *name, *folder, *logs;

static const struct kri_option options[] = {
        { "name", 'n', "NAME", "of the node [the application's]", NULL, &name },
        { "folder", 'C', "DIR", "of the project [here, or above]", NULL, &folder },
        { "logs", 0, "DIR", "where its log goes [log/ in the project]", NULL, &logs },
        { "no-build", 0, NULL, "run what is built", &no_build, NULL },
        { "foreground", 'f', NULL, "stay: for systemd (Type=notify), containers",
          &foreground, NULL },
        { NULL, 0, NULL, NULL, NULL, NULL },
};

/* LOGS/NAME.END, in a folder that is made. False: told. */
static bool log_path(const struct kri_project *p, const char *node, const char *end,
                     char *buf, size_t size)
{
        char own[KRI_PATH_MAX], file[300];

        (void)snprintf(own, sizeof(own), "%.4000s/log", p->folder);
        (void)snprintf(file, sizeof(file), "%s.%s", node, end);
        if (kri_folder_make(logs != NULL ? logs : own, 0777) &&
            kri_path_join(buf, size, logs != NULL ? logs : own, file))
                return true;
        kri_complain("%s: %s", logs != NULL ? logs : own, strerror(errno));
        return false;
}

/* What it wrote before it gave up. */
static void show_words(const char *file, size_t from)
{
        kr_buf words = KR_BUF_INIT;

        if (kri_file_read(file, &words, SHOWN_BYTES) && words.len > from)
                (void)fwrite(words.data + from, 1, words.len - from, stderr);
        kr_buf_free(&words);
}

static size_t size_of(const char *file)
{
        kr_buf words = KR_BUF_INIT;
        size_t len = kri_file_read(file, &words, SHOWN_BYTES) ? words.len : 0;

        kr_buf_free(&words);
        return len;
}

static int start_behind(const struct kri_project *p, const char *node,
                        const struct kri_args *args)
{
        char self[KRI_PATH_MAX], out[KRI_PATH_MAX];
        const char *argv[ARGS_MAX + 16];
        int count = 0, fd, heard;
        int64_t pid;
        size_t before;

        if (!kri_run_self(self, sizeof(self)) ||
            !log_path(p, node, "out", out, sizeof(out)))
                return KRI_FAILED;
        argv[count++] = self;
        argv[count++] = "start";
        argv[count++] = "--foreground";
        argv[count++] = "--no-build";
        argv[count++] = "--name";
        argv[count++] = node;
        argv[count++] = "--folder";
        argv[count++] = p->folder;
        if (logs != NULL) {
                argv[count++] = "--logs";
                argv[count++] = logs;
        }
        argv[count++] = "--";
        for (int i = 0; i < args->rest_count && i < ARGS_MAX; i++)
                argv[count++] = args->rest[i];
        argv[count] = NULL;
        before = size_of(out);
        kri_started_expect();
        fd = kri_run_behind(argv, NULL, out, &pid);
        if (fd < 0) {
                kri_complain("cannot start: %s", strerror(errno));
                return KRI_FAILED;
        }
        heard = kri_started_hear(fd, kri_signals_open());
        if (heard > 0) {
                kri_complain(
                        "%s goes on starting, as process %lld; `krarup stop` ends it",
                        node, (long long)pid);
                return 128 + heard;
        }
        if (heard < 0) {
                show_words(out, before);
                kri_complain("%s did not start", node);
                return KRI_FAILED;
        }
        kri_say_in(KRI_GREEN, "%s", node);
        kri_say(" runs as process %lld\n", (long long)pid);
        return KRI_DONE;
}

static int run(const struct kri_args *args)
{
        struct kri_project project;
        struct kri_place place;
        const char *node;
        char log[KRI_PATH_MAX];

        if (args->rest_count > ARGS_MAX) {
                kri_complain("at most %d words for the node", ARGS_MAX);
                return KRI_USAGE;
        }
        if (!kri_project_need(folder, &project))
                return KRI_FAILED;
        node = name != NULL ? name : project.name;
        if (!kri_place_of(node, &place))
                return KRI_FAILED;
        if (kri_pid_holder(place.pid_file) != 0) {
                kri_complain("%s runs already, as process %lld", node,
                             (long long)kri_pid_holder(place.pid_file));
                return KRI_FAILED;
        }
        if (!no_build && !kri_project_build(&project))
                return KRI_FAILED;
        if (!foreground)
                return start_behind(&project, node, args);
        if (!log_path(&project, node, "log", log, sizeof(log)))
                return KRI_FAILED;
        return kri_serve(&(struct kri_serve_opts){ .project = &project,
                                                   .name = node,
                                                   .log = log,
                                                   .plain = true,
                                                   .args = args });
}

const struct kri_command kri_command_start = {
        .name = "start",
        .arguments = "",
        .summary = "start the project in the background",
        .help = "Returns when the application has started, or tells why it has not. The log is\n"
                "log/NAME.log; what is printed goes to log/NAME.out.\n"
                "\n"
                "Examples:\n"
                "\n"
                "    krarup start\n"
                "    krarup start --name counter2 -- -counter first 100\n"
                "\n"
                "As a systemd service, with a watchdog on its schedulers:\n"
                "\n"
                "    [Service]\n"
                "    Type=notify\n"
                "    WorkingDirectory=/srv/counter\n"
                "    ExecStart=/usr/local/bin/krarup start --foreground --no-build\n"
                "    WatchdogSec=10\n"
                "    Restart=on-failure\n",
        .options = options,
        .takes_rest = true,
        .run = run,
};
