/* SPDX-License-Identifier: Apache-2.0 */
#include "serve.h"

#include "control.h"
#include "host.h"
#include "plat_pid.h"
#include "plat_wait.h"
#include "reload.h"
#include "say.h"

#include <krarup/process.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FINISH_MS 5000
#define SECOND_MS 1000
#define SETTLE_MS 100 /* an editor writes several files */

static struct {
        int signals, changes; /* descriptors; -1: none */
        int alive;            /* a flag: the schedulers have run what was new */
        int tried;            /* a flag: the application has started, or has not */
        _Atomic bool started; /* which of both; read after the flag is up */
        int64_t stops_ms;     /* since when it stops; 0: it does not */
        struct kri_place place;
        const struct kri_serve_opts *opts;
} serving;

/* -- signals -- */

static void stop_for(int number)
{
        int64_t now_ms = kr_monotonic_ms(kri_host_node());

        if (serving.stops_ms != 0 && now_ms - serving.stops_ms >= SECOND_MS) {
                kri_complain("ends at once");
                kri_pid_drop(serving.place.pid_file);
                _Exit(128 + number);
        }
        if (serving.stops_ms != 0)
                return;
        serving.stops_ms = now_ms != 0 ? now_ms : 1;
        if (!serving.opts->plain)
                kri_say("\nstopping %s\n", serving.opts->name);
        kri_notify("STOPPING=1");
        kri_host_stop(0);
}

/* -- the watchdog -- */

static void be_alive(int64_t flag)
{
        kri_flag_raise((int)flag);
}

static void ask_for_life(void)
{
        (void)kr_node_spawn(kri_host_node(), be_alive, (int64_t)serving.alive);
}

/* -- saved files -- */

static void take_changes(void)
{
        char name[300], ignored[300];

        if (!kri_watch_take(serving.changes, name, sizeof(name)))
                return;
        while (kri_wait_any(&serving.changes, 1, SETTLE_MS) == 0)
                (void)kri_watch_take(serving.changes, ignored, sizeof(ignored));
        kri_reload(serving.opts->project, name);
        /* what building has written is no change */
        (void)kri_watch_take(serving.changes, ignored, sizeof(ignored));
}

/* -- from beginning to end -- */

static int await_end(void)
{
        enum { SIGNAL, HALTED, CHANGES, ALIVE };
        const int fds[] = { serving.signals, kri_host_halted_fd(), serving.changes,
                            serving.alive };
        int64_t interval_ms = kri_notify_interval_ms();
        int status = 0;

        while (!kri_host_has_halted(&status)) {
                switch (kri_wait_any(fds, 4, interval_ms > 0 ? interval_ms : -1)) {
                case SIGNAL: {
                        int number = kri_signals_take(serving.signals);

                        if (number != 0)
                                stop_for(number);
                        break;
                }
                case HALTED:
                        break;
                case CHANGES:
                        take_changes();
                        break;
                case ALIVE:
                        kri_flag_lower(serving.alive);
                        kri_notify("WATCHDOG=1");
                        break;
                default:
                        ask_for_life();
                        break;
                }
        }
        return status;
}

static bool take_place(const struct kri_serve_opts *opts)
{
        if (!kri_place_of(opts->name, &serving.place))
                return false;
        if (kri_pid_take(serving.place.pid_file))
                return true;
        if (errno == EALREADY)
                kri_complain("%s runs already, as process %lld; `krarup stop` ends it",
                             opts->name,
                             (long long)kri_pid_holder(serving.place.pid_file));
        else
                kri_complain("%s: %s", serving.place.pid_file, strerror(errno));
        return false;
}

static void start_app(void *app_file)
{
        serving.started = kri_host_start_app(app_file);
        kri_flag_raise(serving.tried);
}

/* By another thread: an application may take its time, and signals are heard meanwhile. */
static bool await_app(const char *app_file)
{
        const int fds[] = { serving.tried, serving.signals };

        if (!kri_thread_begin(start_app, (void *)app_file))
                start_app((void *)app_file);
        while (kri_wait_any(fds, 2, -1) != 0) {
                int number = kri_signals_take(serving.signals);

                if (number != 0)
                        stop_for(number);
        }
        return serving.started;
}

static bool begin(const struct kri_serve_opts *opts)
{
        const struct kri_host_opts host = { .name = opts->name,
                                            .log = opts->log,
                                            .modules = opts->project->modules_folder,
                                            .argc = opts->args->rest_count,
                                            .argv = opts->args->rest };

        return kri_host_start(&host) && kri_control_open(serving.place.socket) &&
               await_app(opts->project->app_file);
}

/* Started, or not: all of it goes. */
static int end(int status)
{
        if (kri_host_runs()) {
                kri_host_stop(status);
                (void)kri_wait_any((const int[]){ kri_host_halted_fd() }, 1, FINISH_MS);
        }
        kri_control_close();
        if (!kri_host_finish(FINISH_MS)) {
                kri_complain("some process does not come out of what it does");
                status = status != 0 ? status : KRI_FAILED;
        }
        kri_pid_drop(serving.place.pid_file);
        return status;
}

/* What is not there would be waited for in vain. */
static bool open_ears(void)
{
        serving.changes = -1;
        serving.signals = kri_signals_open();
        serving.alive = kri_flag_open();
        serving.tried = kri_flag_open();
        if (serving.signals >= 0 && serving.alive >= 0 && serving.tried >= 0)
                return true;
        kri_complain("cannot listen for signals: %s", strerror(errno));
        return false;
}

int kri_serve(const struct kri_serve_opts *opts)
{
        serving.opts = opts;
        if (!open_ears())
                return KRI_FAILED;
        kri_started_keep();
        if (!kri_folder_go(opts->project->folder)) {
                kri_complain("%s: %s", opts->project->folder, strerror(errno));
                return KRI_FAILED;
        }
        if (!take_place(opts))
                return KRI_FAILED;
        if (!begin(opts))
                return end(KRI_FAILED);
        if (opts->watch) {
                kri_reload_begin(opts->project);
                serving.changes = kri_watch_open(opts->project->folder, KRI_BUILD_FOLDER);
        }
        kri_notify("READY=1");
        kri_started_say("started");
        if (!opts->plain)
                kri_say("%s runs%s; Ctrl-C stops it. Look inside with `krarup shell`.\n",
                        opts->name, opts->watch ? " and takes over what you save" : "");
        return end(await_end());
}
