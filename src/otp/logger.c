/* SPDX-License-Identifier: Apache-2.0 */
#include "logger.h"

#include <krarup/link.h>
#include <krarup/registry.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES 2048 /* of kr_log_text; longer ones are cut */

static const char key; /* of the node's kr_node_get */

struct kri_logger *kri_logger_of(kr_node *node)
{
        return node != NULL ? kr_node_get(node, &key) : NULL;
}

/* -- the way of an event -- */

struct log_call {
        const kr_log_handler *config;
        const kr_log_event *event;
};

static void call_log(void *arg)
{
        const struct log_call *call = arg;

        call->config->log(call->event, call->config->context);
}

/* As in OTP one that crashes is removed: those that log are not the ones to suffer. */
static void log_by_callback(struct kri_logger *l, const kr_log_handler *config,
                            const kr_log_event *event)
{
        struct log_call call = { config, event };
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        if (kr_catch(call_log, &call, &kind, &reason))
                return;
        if (kr_logger_remove_handler(l->node, config->name) == KR_OK)
                kri_log_removed(l, "handler", config->name, reason.term);
        kr_msg_clear(&reason);
}

static void hand_over(struct kri_logger *l, struct kri_log_handler *h, kr_pid pid,
                      kr_log_event event, bool may_wait)
{
        if ((int)event.level > atomic_load_explicit(&h->level, memory_order_relaxed) ||
            !kri_log_passes(l, h, &event))
                return;
        if (h->config.log != NULL)
                log_by_callback(l, &h->config, &event);
        else
                kri_log_writer_send(h, pid, &event, may_wait);
}

/* The registered name of the calling process, in `name`. */
static void find_name(char *name, size_t size)
{
        kr_msg info = KR_MSG_INIT;
        kr_atom atom;

        name[0] = 0;
        if (kr_process_info(kr_self(), KR_ATOM("registered_name"), &info) &&
            kr_match(info.term, "{registered_name, ~}", &atom))
                (void)snprintf(name, size, "%s", kr_atom_text(atom, NULL));
        kr_msg_clear(&info);
}

void kri_logger_event(struct kri_logger *l, kr_log_event *event, bool may_wait)
{
        char name[256];
        struct kri_log_taken handlers;

        event->time_ns = kr_system_time_ns(l->node);
        if (kr_pid_is_none(event->pid)) {
                event->pid = kr_self();
                event->metadata = kr_get(kr_atom_term(KR_ATOM("$logger_metadata$")));
                find_name(name, sizeof(name));
                event->name = name;
        }
        if (!kri_log_passes(l, NULL, event))
                return;
        kri_log_take(l, &handlers);
        for (unsigned i = 0; i < handlers.count; i++) {
                hand_over(l, handlers.at[i], handlers.pids[i], *event, may_wait);
                kri_log_handler_unref(handlers.at[i]);
        }
}

static kr_log_event new_event(kr_log_level level, const struct kri_log_place *place)
{
        return (kr_log_event){ .level = level,
                               .name = "",
                               .file = place->file,
                               .line = place->line,
                               .function = place->function ? place->function : "",
                               .domain = "",
                               .report = kr_none(),
                               .text = "",
                               .details = "",
                               .metadata = kr_none() };
}

void kri_log_removed(struct kri_logger *l, const char *what, const char *name,
                     kr_term reason)
{
        const struct kri_log_place nowhere = { NULL, NULL, 0 };
        struct kri_words text = KRI_WORDS_INIT, details = KRI_WORDS_INIT;
        struct kri_words line = KRI_WORDS_INIT;
        kr_log_event event = new_event(KR_LOG_ERROR, &nowhere);

        kri_log_describe_end(&event, reason, &text, &details);
        kri_say(&line, "log %s %s crashed, and is removed: %s", what, name,
                event.text + strlen("ended: "));
        event.text = kri_words_text(&line);
        event.domain = "otp";
        kri_logger_event(l, &event, false);
        kri_words_clear(&line);
        kri_words_clear(&text);
        kri_words_clear(&details);
}

/* Without a logger: one line. */
static void say_alone(kr_log_event *event)
{
        struct kri_words line = KRI_WORDS_INIT;

        kri_say(&line, "krarup: %s: %s (%s:%d)", kr_log_level_name(event->level),
                event->text, event->file, event->line);
        kr_node_report(kr_here(), kri_words_text(&line));
        kri_words_clear(&line);
}

static void log_event(kr_log_event *event)
{
        struct kri_logger *l = kri_logger_of(kr_here());

        if (l != NULL)
                kri_logger_event(l, event, true);
        else
                say_alone(event);
}

void kri_log_text(kr_log_level level, const struct kri_log_place *place,
                  const char *format, ...)
{
        kr_log_event event = new_event(level, place);
        char text[TEXT_BYTES];
        va_list args;

        va_start(args, format);
        (void)vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        event.text = text;
        log_event(&event);
}

/* A map says its first line by a key; anything else is its own text. */
static void say_report(struct kri_words *out, kr_term report)
{
        kr_term text;

        if (kr_match(report, "#{msg => ~}", &text) ||
            kr_match(report, "#{text => ~}", &text))
                kri_say_string(out, text);
        else
                kri_say_term(out, report);
}

void kri_log_term(kr_log_level level, const struct kri_log_place *place,
                  struct kri_site *site, const union kri_arg *args)
{
        kr_log_event event = new_event(level, place);
        struct kri_words text = KRI_WORDS_INIT;

        event.report = kri_build(site, args);
        if (kr_is_none(event.report))
                return; /* no memory: nothing that could be said */
        say_report(&text, event.report);
        event.text = kri_words_text(&text);
        log_event(&event);
        kri_words_clear(&text);
        kr_release(event.report);
}

void kri_log_metadata(struct kri_site *site, const union kri_arg *args)
{
        kr_term map = kri_build(site, args);

        if (!kr_is_map(map) || kr_map_size(map) == 0)
                kr_erase(kr_atom_term(KR_ATOM("$logger_metadata$")));
        else
                kr_put(kr_atom_term(KR_ATOM("$logger_metadata$")), map);
        kr_release(map);
}

/* -- the process `logger` -- */

/* An end that the core tells of. */
static void log_end(struct kri_logger *l, kr_pid pid, kr_term name, kr_term reason)
{
        const struct kri_log_place nowhere = { NULL, NULL, 0 };
        struct kri_words known_as = KRI_WORDS_INIT;
        struct kri_words text = KRI_WORDS_INIT, details = KRI_WORDS_INIT;
        kr_log_event event = new_event(KR_LOG_ERROR, &nowhere);
        kr_term what = kr_build("{'$end', ~, ~}", name, reason);
        uint64_t alike = kri_log_key(what);

        kr_release(what);
        if (!kri_log_repeat_passes(l, alike))
                return;
        kri_say_string(&known_as, name);
        event.pid = pid;
        event.name = kri_words_text(&known_as);
        kri_log_describe_end(&event, reason, &text, &details);
        kri_log_repeat_name(l, alike, &event);
        kri_logger_event(l, &event, false);
        kri_words_clear(&known_as);
        kri_words_clear(&text);
        kri_words_clear(&details);
}

static void log_lost(struct kri_logger *l, int64_t count)
{
        const struct kri_log_place nowhere = { NULL, NULL, 0 };
        kr_log_event event = new_event(KR_LOG_ERROR, &nowhere);
        char text[96];

        (void)snprintf(text, sizeof(text),
                       "%lld more processes ended by errors than could be told",
                       (long long)count);
        event.text = text;
        event.domain = "otp";
        kri_logger_event(l, &event, false);
}

/* A handler's process has ended: start it anew, unless it has been removed. */
static void renew_writer(struct kri_logger *l, kr_pid pid)
{
        struct kri_log_taken handlers;

        kri_log_take(l, &handlers);
        for (unsigned i = 0; i < handlers.count; i++) {
                if (kr_pid_eq(handlers.pids[i], pid))
                        (void)kri_log_writer_start(handlers.at[i]);
                kri_log_handler_unref(handlers.at[i]);
        }
}

struct serve {
        struct kri_logger *l;
};

static void take_name(kr_atom name)
{
        if (kr_pid_is_none(kr_whereis(name)))
                kr_register(name, kr_self());
}

static void serve(struct serve *of)
{
        enum { END, LOST, WRITER, DOWN, COUNTED, OTHER };
        struct kri_logger *l = of->l;
        int64_t lost, wait_ms = kri_log_repeat_tell(l);
        kr_term name, reason;
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid;

        switch (kr_receive_top(&msg, wait_ms,
                               kr_on(END, "{report, ~, ~, ~}", &pid, &name, &reason),
                               kr_on(LOST, "{reports_lost, ~}", &lost),
                               kr_on(WRITER, "{writer, ~}", &pid),
                               kr_on(DOWN, "{'DOWN', _, process, ~, _}", &pid),
                               kr_on(COUNTED, "counted"), kr_on(OTHER, "_"))) {
        case END:
                log_end(l, pid, name, reason);
                break;
        case LOST:
                log_lost(l, lost);
                break;
        case WRITER:
                (void)kr_monitor(pid);
                break;
        case DOWN:
                renew_writer(l, pid);
                break;
        default:
                break; /* what was counted is told at the top; others are not for us */
        }
        kr_msg_clear(&msg);
        kr_become(serve, of);
}

static void run_logger(struct serve *arg)
{
        take_name(KR_ATOM("logger"));
        kr_become(serve, arg);
}

/* -- start and end -- */

static void release(void *value)
{
        struct kri_logger *l = value;

        kri_log_config_release(l);
        kri_plat_lock_fini(&l->lock);
        free(l);
}

kr_err kr_logger_start(kr_node *node, const kr_logger_opts *opts)
{
        kr_log_handler terminal = { .name = "default" };
        struct kri_logger *l;
        kr_pid pid;

        if (node == NULL)
                return KR_EBADARG;
        if (kri_logger_of(node) != NULL)
                return KR_EALREADY;
        l = calloc(1, sizeof(*l));
        if (l == NULL)
                return KR_ENOMEM;
        l->node = node;
        kri_plat_lock_init(&l->lock);
        atomic_init(&l->level,
                    opts != NULL && opts->level != 0 ? (int)opts->level : KR_LOG_NOTICE);
        if (!kr_node_put(node, &key, l, release)) {
                release(l);
                return KR_ESYSTEMLIMIT;
        }
        pid = kr_node_spawn(node, run_logger, &(struct serve){ l });
        kri_plat_lock_take(&l->lock);
        l->pid = pid;
        kri_plat_lock_give(&l->lock);
        if (kr_pid_is_none(pid))
                return KR_ESYSTEMLIMIT;
        kr_node_report_to(node, pid);
        return opts != NULL && opts->no_default ? KR_OK
                                                : kr_logger_add_handler(node, &terminal);
}

/* -- waiting until all is written -- */

static bool is_idle(struct kri_logger *l)
{
        struct kri_log_taken handlers;
        bool idle = true;

        kri_log_take(l, &handlers);
        for (unsigned i = 0; i < handlers.count; i++) {
                idle = idle && atomic_load(&handlers.at[i]->queued) == 0;
                kri_log_handler_unref(handlers.at[i]);
        }
        return idle;
}

bool kr_logger_drain(kr_node *node, int64_t timeout_ms)
{
        struct kri_logger *l = kri_logger_of(node);
        int64_t until_ms;

        if (l == NULL)
                return true;
        until_ms = kr_monotonic_ms(node) + timeout_ms;
        while (!is_idle(l)) {
                if (timeout_ms != KR_INFINITY && kr_monotonic_ms(node) >= until_ms)
                        return false;
                kri_plat_nap_us(500);
        }
        return true;
}

bool kr_logger_sync(int64_t timeout_ms)
{
        struct kri_logger *l = kri_logger_of(kr_here());
        int64_t until_ms;

        if (l == NULL)
                return true;
        until_ms = kr_monotonic_ms(NULL) + timeout_ms;
        while (!is_idle(l)) {
                if (timeout_ms != KR_INFINITY && kr_monotonic_ms(NULL) >= until_ms)
                        return false;
                kr_sleep(1);
        }
        return true;
}
