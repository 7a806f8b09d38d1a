/* SPDX-License-Identifier: Apache-2.0 */
#include "host.h"

#include "builtin.h"
#include "plat_file.h"
#include "plat_wait.h"
#include "say.h"

#include <krarup/application.h>
#include <krarup/code.h>
#include <krarup/logger.h>
#include <krarup/memory.h>
#include <krarup/text.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <time.h>

#define CRASH_BYTES 512
#define NODE_NAME_BYTES 300

/* The one node of this program. `crash` is written by processes that log and read by the
 * control socket's threads: its own lock, held for a memcpy. */
static struct {
        kr_node *node;
        int halted_flag;
        _Atomic int status;
        _Atomic bool halted;
        int64_t started_ms;
        bool booted;
        char name[NODE_NAME_BYTES];
        atomic_flag crash_lock;
        char crash[CRASH_BYTES];
        char *argv[KRI_HOST_ARGS_MAX + 2]; /* of kr_boot, which keeps them */
} host = { .halted_flag = -1, .crash_lock = ATOMIC_FLAG_INIT };

/* -- the last crash -- */

static void lock_crash(void)
{
        kr_critical_begin();
        while (atomic_flag_test_and_set_explicit(&host.crash_lock, memory_order_acquire))
                ;
}

static void unlock_crash(void)
{
        atomic_flag_clear_explicit(&host.crash_lock, memory_order_release);
        kr_critical_end();
}

/* Everything the logger takes for an error; the first line is enough. */
static void note_crash(const kr_log_event *event, void *context)
{
        time_t seconds = (time_t)(event->time_ns / 1000000000);
        char line[CRASH_BYTES], when[40];
        struct tm tm;

        (void)context;
        if (event->level > KR_LOG_ERROR)
                return;
        (void)localtime_r(&seconds, &tm);
        (void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
        (void)snprintf(line, sizeof(line), "%s %s", when, event->text);
        lock_crash();
        memcpy(host.crash, line, sizeof(line));
        unlock_crash();
}

bool kri_host_last_crash(char *buf, size_t size)
{
        char line[CRASH_BYTES];

        lock_crash();
        memcpy(line, host.crash, sizeof(line));
        unlock_crash();
        (void)snprintf(buf, size, "%s", line);
        return line[0] != 0;
}

/* -- starting -- */

static void halted(void *context, int status, const char *why)
{
        (void)context;
        (void)why; /* the logger has it */
        atomic_store(&host.status, status);
        atomic_store(&host.halted, true);
        kri_flag_raise(host.halted_flag);
}

static kr_err start_logger(const struct kri_host_opts *opts)
{
        const kr_logger_opts logger = { .level = opts->quiet ? KR_LOG_WARNING
                                                             : KR_LOG_NOTICE,
                                        .no_default = opts->log != NULL };
        kr_err err = kr_logger_start(host.node, &logger);

        if (err == KR_OK && opts->log != NULL)
                err = kr_logger_add_handler(host.node,
                                            &(kr_log_handler){ .name = "default",
                                                               .file = opts->log });
        if (err == KR_OK)
                err = kr_logger_add_handler(host.node,
                                            &(kr_log_handler){ .name = "krarup",
                                                               .level = KR_LOG_ERROR,
                                                               .log = note_crash });
        return err;
}

static bool boot(const struct kri_host_opts *opts)
{
        static char program[] = "krarup";
        kr_boot_opts boot_opts = { .argc = 1, .argv = host.argv, .halted = halted };
        kr_buf error = KR_BUF_INIT;
        kr_err err;

        host.argv[0] = program;
        for (int i = 0; i < opts->argc && i < KRI_HOST_ARGS_MAX; i++)
                host.argv[boot_opts.argc++] = opts->argv[i];
        err = kr_boot(&boot_opts, &error);

        if (err != KR_OK)
                kri_complain("%s", error.data != NULL ? error.data : kr_strerror(err));
        kr_buf_free(&error);
        host.booted = err == KR_OK;
        return host.booted;
}

bool kri_host_enter(void)
{
        kr_pid self;
        kr_err err = kr_thread_attach(host.node, &self);

        if (err != KR_OK)
                kri_complain("no way into the node: %s", kr_strerror(err));
        return err == KR_OK;
}

void kri_host_leave(void)
{
        kr_thread_detach();
}

bool kri_host_start(const struct kri_host_opts *opts)
{
        const kr_code_opts code = { .path = opts->modules };
        bool booted;
        kr_err err;

        (void)snprintf(host.name, sizeof(host.name), "%s",
                       opts->name != NULL ? opts->name : "shell@localhost");
        host.halted_flag = kri_flag_open();
        if (host.halted_flag < 0) {
                kri_complain("the node cannot be started: %s", strerror(errno));
                return false;
        }
        err = kr_node_start(&(kr_node_opts){ .name = host.name,
                                             .faults = KR_FAULTS_EXIT },
                            &host.node);
        if (err == KR_OK)
                err = start_logger(opts);
        if (err == KR_OK && (err = kr_code_start(host.node, &code)) == KR_EOS)
                kri_complain("no folder for copies of modules can be made in %s",
                             getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
        if (err == KR_OK)
                err = kri_builtin_add(host.node);
        if (err != KR_OK) {
                kri_complain("the node cannot be started: %s", kr_strerror(err));
                return false;
        }
        host.started_ms = kr_monotonic_ms(host.node);
        booted = kri_host_enter() && boot(opts);
        kri_host_leave();
        return booted;
}

kr_node *kri_host_node(void)
{
        return host.node;
}

/* -- an application -- */

static bool load_module(kr_term name)
{
        kr_msg slot = KR_MSG_INIT;
        const char *text = NULL;
        kr_atom module;
        kr_err err;

        if (!kr_get_atom(name, &module))
                return true; /* the controller tells what is wrong with the file */
        err = kr_code_ensure_loaded(kr_atom_text(module, NULL), &slot);
        if (err != KR_OK) {
                (void)kr_match(slot.term, "{_, ~}", &text);
                kri_complain("module %s cannot be loaded: %s", kr_atom_text(module, NULL),
                             text != NULL ? text : kr_strerror(err));
        }
        kr_msg_clear(&slot);
        return err == KR_OK;
}

static bool load_modules(kr_term keys)
{
        kr_term list;

        for (; kr_is_cons(keys); keys = kr_tl(keys)) {
                if (!kr_match(kr_hd(keys), "{modules, ~}", &list))
                        continue;
                for (; kr_is_cons(list); list = kr_tl(list)) {
                        if (!load_module(kr_hd(list)))
                                return false;
                }
        }
        return true;
}

static bool start_app(kr_atom app, kr_term spec)
{
        kr_msg slot = KR_MSG_INIT;
        char reason[1000];
        kr_err err = kr_application_load_spec(spec, &slot);

        if (err == KR_OK || err == KR_EALREADY)
                err = kr_application_ensure_all_started(app, KR_PERMANENT, &slot);
        if (err != KR_OK) {
                (void)kr_format(reason, sizeof(reason), slot.term);
                kri_complain("application %s cannot be started: %s",
                             kr_atom_text(app, NULL), reason);
        }
        kr_msg_clear(&slot);
        return err == KR_OK;
}

/* {application, Name, Keys} of a file: gives the list with it; none: told. */
static kr_term read_app(const char *app_file, kr_atom *ret_app, kr_term *ret_keys)
{
        kr_text_error where = { .line = 0 };
        kr_term specs;
        kr_err err = kr_consult_file(app_file, NULL, &specs, &where);

        if (err != KR_OK) {
                if (where.line != 0)
                        kri_complain("%s:%u:%u: %s", app_file, where.line, where.column,
                                     where.message);
                else
                        kri_complain("%s: %s", app_file, kr_strerror(err));
                return kr_none();
        }
        if (kr_match(specs, "[{application, ~, ~}]", ret_app, ret_keys))
                return specs;
        kri_complain("%s: expected {application, Name, [{Key, Value}]}.", app_file);
        kr_release(specs);
        return kr_none();
}

bool kri_host_start_app(const char *app_file)
{
        bool started = false;
        kr_term keys, specs;
        kr_atom app;

        if (!kri_host_enter())
                return false;
        specs = read_app(app_file, &app, &keys);
        if (!kr_is_none(specs))
                started = load_modules(keys) && start_app(app, kr_hd(specs));
        kr_release(specs);
        kri_host_leave();
        return started;
}

void kri_host_know(const char *app_file)
{
        kr_term keys, specs;
        kr_atom app;

        if (!kri_host_enter())
                return;
        specs = read_app(app_file, &app, &keys);
        if (!kr_is_none(specs) && (!load_modules(keys) ||
                                   kr_application_load_spec(kr_hd(specs), NULL) != KR_OK))
                kri_complain("application %s is not known here", kr_atom_text(app, NULL));
        kr_release(specs);
        kri_host_leave();
}

/* -- stopping -- */

static void stop_with(int64_t status)
{
        kr_init_stop((int)status);
}

void kri_host_stop(int status)
{
        if (host.booted)
                (void)kr_node_spawn(host.node, stop_with, (int64_t)status);
}

int kri_host_halted_fd(void)
{
        return host.halted_flag;
}

bool kri_host_has_halted(int *ret_status)
{
        if (!atomic_load(&host.halted))
                return false;
        *ret_status = atomic_load(&host.status);
        return true;
}

bool kri_host_runs(void)
{
        return host.booted && !atomic_load(&host.halted);
}

bool kri_host_finish(int64_t timeout_ms)
{
        if (host.node == NULL)
                return true;
        (void)kr_logger_drain(host.node, 2000); /* its last words */
        return kr_node_stop(host.node, timeout_ms) == KR_OK;
}

int64_t kri_host_uptime_ms(void)
{
        return kr_monotonic_ms(host.node) - host.started_ms;
}
