/* SPDX-License-Identifier: Apache-2.0 */
/* sys_debug.c: the debug options of a process: trace, log, log_to_file, statistics and
 * functions of one's own.
 *
 * All of it belongs to the process and goes with it, but for the file of log_to_file. The
 * newest option comes first, as in OTP. What there is no memory for is left out of the
 * watching; the process itself goes on.
 */
#include "sys.h"

#include <krarup/io.h>
#include <krarup/memory.h>
#include <krarup/text.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#define LOG_DEFAULT 10
#define LOG_MAX 100000

enum kind { TRACE, LOG, LOG_TO_FILE, STATISTICS, INSTALLED };

struct option {
        struct option *next;
        enum kind kind;

        /* LOG: a ring */
        kr_term *events; /* of `max`, `count` of them used, the oldest at `first` */
        uint32_t max, count, first;

        /* LOG_TO_FILE */
        FILE *file;

        /* STATISTICS */
        kr_term start_time;
        int64_t reductions; /* at the start */
        uint64_t messages_in, messages_out;

        /* INSTALLED; LOG_TO_FILE: the path */
        kr_term id;
        kr_debug_fn fn;
        kr_term state;
};

/* All the options; none: sys->debug is NULL. */
struct kri_debug {
        struct option *first;
};

/* -- the list -- */

static struct option **find(kr_sys *sys, enum kind kind, kr_term id)
{
        struct option **at;

        if (!sys->debug)
                return NULL;
        for (at = &sys->debug->first; *at; at = &(*at)->next)
                if ((*at)->kind == kind && (kind != INSTALLED || kr_same((*at)->id, id)))
                        return at;
        return NULL;
}

static struct option *option_of(const kr_sys *sys, enum kind kind)
{
        struct option *o = sys->debug ? sys->debug->first : NULL;

        while (o && o->kind != kind)
                o = o->next;
        return o;
}

/* A new one, first in the list; NULL: no memory. */
static struct option *add(kr_sys *sys, enum kind kind)
{
        struct option *o;

        if (!sys->debug)
                sys->debug = kr_calloc(1, sizeof(*sys->debug));
        if (!sys->debug)
                return NULL;
        o = kr_calloc(1, sizeof(*o));
        if (o) {
                *o = (struct option){ .next = sys->debug->first,
                                      .kind = kind,
                                      .id = kr_none(),
                                      .state = kr_none(),
                                      .start_time = kr_none() };
                sys->debug->first = o;
        } else if (!sys->debug->first) {
                kr_free(sys->debug);
                sys->debug = NULL;
        }
        return o;
}

/* Half-built ones too. */
static void free_option(struct option *o)
{
        for (uint32_t i = 0; i < o->count; i++)
                kr_release(o->events[(o->first + i) % o->max]);
        kr_free(o->events);
        if (o->file)
                fclose(o->file);
        kr_release(o->start_time);
        kr_release(o->id);
        kr_release(o->state);
        kr_free(o);
}

static void take_out(kr_sys *sys, struct option **at)
{
        struct option *o = *at;

        *at = o->next;
        free_option(o);
        if (!sys->debug->first) {
                kr_free(sys->debug);
                sys->debug = NULL;
        }
}

static void remove_kind(kr_sys *sys, enum kind kind)
{
        struct option **at = find(sys, kind, kr_none());

        if (at)
                take_out(sys, at);
}

void kr_sys_fini(kr_sys *sys)
{
        while (sys->debug)
                take_out(sys, &sys->debug->first);
}

/* -- turning on -- */

static bool turn_on_log(kr_sys *sys, uint32_t max)
{
        struct option *o;

        if (option_of(sys, LOG))
                return true;
        o = add(sys, LOG);
        if (!o)
                return false;
        o->max = max < LOG_MAX ? max : LOG_MAX;
        o->events = kr_calloc(o->max, sizeof(*o->events));
        if (o->events)
                return true;
        remove_kind(sys, LOG);
        return false;
}

static bool turn_on_trace(kr_sys *sys)
{
        return option_of(sys, TRACE) || add(sys, TRACE);
}

static int64_t reductions(void)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t n = 0;

        if (kr_process_info(kr_self(), KR_ATOM("reductions"), &msg))
                (void)kr_match(msg.term, "{reductions, ~}", &n);
        kr_msg_clear(&msg);
        return n;
}

/* {{Year, Month, Day}, {Hour, Minute, Second}}; gives a new term. */
static kr_term local_time(void)
{
        time_t now = (time_t)(kr_system_time_ns(NULL) / 1000000000);
        struct tm t;

        memset(&t, 0, sizeof(t));
        (void)localtime_r(&now, &t);
        return kr_build("{{~, ~, ~}, {~, ~, ~}}", t.tm_year + 1900, t.tm_mon + 1,
                        t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec);
}

static bool turn_on_statistics(kr_sys *sys)
{
        struct option *o;

        if (option_of(sys, STATISTICS))
                return true;
        o = add(sys, STATISTICS);
        if (!o)
                return false;
        o->start_time = local_time();
        o->reductions = reductions();
        return true;
}

/* The path as OTP takes it, a string, or a binary. */
static bool path_of(kr_term t, char *path, size_t size)
{
        kr_bytes bytes;
        size_t len;

        if (kr_get_string(t, path, size, &len))
                return len > 0 && !memchr(path, 0, len);
        if (!kr_get_bytes(t, &bytes) || bytes.len == 0 || bytes.len >= size ||
            memchr(bytes.data, 0, bytes.len))
                return false;
        memcpy(path, bytes.data, bytes.len);
        path[bytes.len] = 0;
        return true;
}

static bool turn_on_file(kr_sys *sys, kr_term name)
{
        struct option *o;
        char path[FILENAME_MAX];
        FILE *file;

        remove_kind(sys, LOG_TO_FILE);
        if (!path_of(name, path, sizeof(path)))
                return false;
        file = fopen(path, "we");
        if (!file)
                return false;
        o = add(sys, LOG_TO_FILE);
        if (!o) {
                fclose(file);
                return false;
        }
        o->file = file;
        o->id = kr_keep(name);
        return true;
}

static bool install(kr_sys *sys, kr_term id, kr_debug_fn fn, kr_term state)
{
        struct option *o;

        if (find(sys, INSTALLED, id))
                return true;
        o = add(sys, INSTALLED);
        if (!o)
                return false;
        o->fn = fn;
        o->id = kr_keep(id);
        o->state = kr_keep(state);
        if (!kr_is_none(o->id) && !kr_is_none(o->state))
                return true;
        take_out(sys, &sys->debug->first);
        return false;
}

/* -- events -- */

static void remember(struct option *o, kr_term event)
{
        kr_term kept = kr_keep(event);

        if (kr_is_none(kept))
                return;
        if (o->count == o->max) {
                kr_release(o->events[o->first]);
                o->first = (o->first + 1) % o->max;
                o->count--;
        }
        o->events[(o->first + o->count++) % o->max] = kept;
}

static kr_term name_of(const kr_sys *sys)
{
        return sys->callbacks->name ? sys->callbacks->name(sys->record) : kr_none();
}

/* To a file, or (NULL) to the standard output of the process, which may take a while. */
static void print(const kr_sys *sys, FILE *to, kr_term event, kr_term name)
{
        kr_buf buf = KR_BUF_INIT;
        kr_err err = KR_OK;

        if (sys->callbacks->print)
                err = sys->callbacks->print(sys->record, &buf, event, name);
        else
                err = kri_sys_event_text(&buf, event, name);
        if (buf.len > 0 && !to) {
                err = kr_io_put_bytes(buf.data, buf.len);
        } else if (buf.len > 0) {
                (void)fwrite(buf.data, 1, buf.len, to);
                fflush(to);
        }
        (void)err; /* what cannot be printed is not worth more */
        kr_buf_free(&buf);
}

static void count(struct option *o, kr_term event)
{
        if (kr_match(event, "{in, _}") || kr_match(event, "{in, _, _}"))
                o->messages_in++;
        else if (kr_match(event, "{out, _, _}") || kr_match(event, "{out, _, _, _}"))
                o->messages_out++;
}

struct debug_call {
        struct option *option;
        kr_term event, name, result;
};

static void call_fn(void *arg)
{
        struct debug_call *call = arg;

        call->result = call->option->fn(call->option->state, call->event, call->name);
}

/* True: it is done, and goes. A throw is its result, as in OTP. */
static bool run_installed(struct option *o, kr_term event, kr_term name)
{
        struct debug_call call = { o, event, name, kr_none() };
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        if (!kr_catch(call_fn, &call, &kind, &reason) && kind == KR_CLASS_THROW)
                call.result = kr_keep(reason.term);
        kr_msg_clear(&reason);
        if (kr_is_none(call.result) || kr_is_that_atom(call.result, KR_ATOM("done")))
                return true;
        if (call.result.w != o->state.w)
                kr_release(o->state);
        o->state = call.result;
        return false;
}

/* True: the option goes. */
static bool show(kr_sys *sys, struct option *o, kr_term event, kr_term name)
{
        switch (o->kind) {
        case TRACE:
                print(sys, NULL, event, name);
                break;
        case LOG:
                remember(o, event);
                break;
        case LOG_TO_FILE:
                print(sys, o->file, event, name);
                break;
        case STATISTICS:
                count(o, event);
                break;
        case INSTALLED:
                return run_installed(o, event, name);
        }
        return false;
}

void kri_sys_debug(kr_sys *sys, struct kri_site *site, const union kri_arg *args)
{
        kr_term event = kri_build(site, args), name = name_of(sys), self = kr_none();
        struct option **at;

        if (kr_is_none(event))
                return;
        if (kr_is_none(name))
                name = self = kr_build("~", kr_self());
        for (at = sys->debug ? &sys->debug->first : NULL; at && *at;) {
                if (!show(sys, *at, event, name))
                        at = &(*at)->next;
                else if (take_out(sys, at), !sys->debug)
                        break;
        }
        kr_release(self);
        kr_release(event);
}

/* -- what can be asked -- */

static kr_term events_of(const struct option *o)
{
        kr_builder b = KR_BUILDER_INIT;

        for (uint32_t i = 0; o && i < o->count; i++)
                kr_add_term(&b, o->events[(o->first + i) % o->max]);
        return kr_build_list(&b);
}

kr_term kr_sys_get_log(const kr_sys *sys)
{
        return events_of(option_of(sys, LOG));
}

static kr_term get_log(const kr_sys *sys)
{
        kr_term events = kr_sys_get_log(sys), t = kr_build("{ok, ~}", events);

        kr_release(events);
        return t;
}

static void print_log(const kr_sys *sys)
{
        const struct option *o = option_of(sys, LOG);
        kr_term name = name_of(sys), self = kr_none();

        if (kr_is_none(name))
                name = self = kr_build("~", kr_self());
        for (uint32_t i = 0; o && i < o->count; i++)
                print(sys, NULL, o->events[(o->first + i) % o->max], name);
        kr_release(self);
}

static kr_term get_statistics(const kr_sys *sys)
{
        const struct option *o = option_of(sys, STATISTICS);
        kr_term now, t;

        if (!o)
                return kr_build("{ok, no_statistics}");
        now = local_time();
        t = kr_build("{ok, [{start_time, ~}, {current_time, ~}, {reductions, ~}, "
                     "{messages_in, ~}, {messages_out, ~}]}",
                     o->start_time, now, reductions() - o->reductions, o->messages_in,
                     o->messages_out);
        kr_release(now);
        return t;
}

static kr_term option_term(const struct option *o)
{
        kr_term events, t;

        switch (o->kind) {
        case TRACE:
                return kr_build("{trace, true}");
        case LOG:
                events = events_of(o);
                t = kr_build("{log, {~, ~}}", o->max, events);
                kr_release(events);
                return t;
        case LOG_TO_FILE:
                return kr_build("{log_to_file, ~}", o->id);
        case STATISTICS:
                return kr_build("{statistics, {~, {reductions, ~}, ~, ~}}", o->start_time,
                                o->reductions, o->messages_in, o->messages_out);
        default:
                return kr_build("{~, ~}", o->id, o->state);
        }
}

kr_term kri_sys_debug_term(const kr_sys *sys)
{
        kr_builder b = KR_BUILDER_INIT;

        for (const struct option *o = sys->debug ? sys->debug->first : NULL; o;
             o = o->next) {
                kr_term t = option_term(o);

                kr_add_term(&b, t);
                kr_release(t);
        }
        return kr_build_list(&b);
}

/* -- {debug, What} -- */

static kr_term ok_or(bool done, const char *otherwise)
{
        return done ? kr_build("ok")
                    : kr_build("{error, ~}", kr_atom_term(kri_atom_of(otherwise)));
}

static kr_term command_log(kr_sys *sys, kr_term flag)
{
        int64_t max;

        if (kr_match(flag, "true"))
                return ok_or(turn_on_log(sys, LOG_DEFAULT), "enomem");
        if (kr_match(flag, "{true, ~}", &max) && max >= 1)
                return ok_or(turn_on_log(sys, max < LOG_MAX ? (uint32_t)max : LOG_MAX),
                             "enomem");
        if (kr_match(flag, "get"))
                return get_log(sys);
        if (kr_match(flag, "print"))
                print_log(sys);
        else if (kr_match(flag, "false"))
                remove_kind(sys, LOG);
        else
                return kr_build("unknown_debug");
        return kr_build("ok");
}

static kr_term command_statistics(kr_sys *sys, kr_term flag)
{
        if (kr_match(flag, "true"))
                return ok_or(turn_on_statistics(sys), "enomem");
        if (kr_match(flag, "get"))
                return get_statistics(sys);
        if (!kr_match(flag, "false"))
                return kr_build("unknown_debug");
        remove_kind(sys, STATISTICS);
        return kr_build("ok");
}

static kr_term command_trace(kr_sys *sys, kr_term flag)
{
        if (kr_match(flag, "true"))
                return ok_or(turn_on_trace(sys), "enomem");
        if (!kr_match(flag, "false"))
                return kr_build("unknown_debug");
        remove_kind(sys, TRACE);
        return kr_build("ok");
}

static kr_term command_file(kr_sys *sys, kr_term name)
{
        if (!kr_match(name, "false"))
                return ok_or(turn_on_file(sys, name), "open_file");
        remove_kind(sys, LOG_TO_FILE);
        return kr_build("ok");
}

static kr_term command_install(kr_sys *sys, kr_term spec)
{
        kr_term id, state;
        kri_fun fun;
        int64_t n;

        if (!kr_match(spec, "{~, {function, ~}, ~}", &id, &n, &state) ||
            !(fun = kri_fun_of(n)))
                return kr_build("unknown_debug");
        return ok_or(install(sys, id, (kr_debug_fn)fun, state), "enomem");
}

static kr_term command_remove(kr_sys *sys, kr_term id)
{
        struct option **at = find(sys, INSTALLED, id);

        if (at)
                take_out(sys, at);
        else if (kr_match(id, "trace"))
                remove_kind(sys, TRACE);
        else if (kr_match(id, "log"))
                remove_kind(sys, LOG);
        else if (kr_match(id, "statistics"))
                remove_kind(sys, STATISTICS);
        return kr_build("ok");
}

kr_term kri_sys_debug_command(kr_sys *sys, kr_term what)
{
        kr_term arg;

        if (kr_match(what, "{trace, ~}", &arg))
                return command_trace(sys, arg);
        if (kr_match(what, "{log, ~}", &arg))
                return command_log(sys, arg);
        if (kr_match(what, "{log_to_file, ~}", &arg))
                return command_file(sys, arg);
        if (kr_match(what, "{statistics, ~}", &arg))
                return command_statistics(sys, arg);
        if (kr_match(what, "{install, ~}", &arg))
                return command_install(sys, arg);
        if (kr_match(what, "{remove, ~}", &arg))
                return command_remove(sys, arg);
        if (!kr_match(what, "no_debug"))
                return kr_build("unknown_debug");
        kr_sys_fini(sys);
        return kr_build("ok");
}

/* -- options at the start -- */

static bool turn_on(kr_sys *sys, kr_term option)
{
        int64_t max;
        kr_term path;

        if (kr_match(option, "trace"))
                return turn_on_trace(sys);
        if (kr_match(option, "log"))
                return turn_on_log(sys, LOG_DEFAULT);
        if (kr_match(option, "statistics"))
                return turn_on_statistics(sys);
        if (kr_match(option, "{log, ~}", &max) && max > 0)
                return turn_on_log(sys, max < LOG_MAX ? (uint32_t)max : LOG_MAX);
        if (kr_match(option, "{log_to_file, ~}", &path))
                (void)turn_on_file(sys,
                                   path); /* one that cannot be opened is no option */
        return true;
}

kr_err kr_sys_debug_options(kr_sys *sys, const char *text)
{
        kr_term options;
        bool done = true;
        kr_err err;

        if (!text)
                return KR_OK;
        err = kr_parse(text, strlen(text), NULL, &options, NULL);
        if (err != KR_OK)
                return err == KR_ENOMEM ? err : KR_ESYNTAX;
        for (kr_term l = options; kr_is_cons(l) && done; l = kr_tl(l))
                done = turn_on(sys, kr_hd(l));
        kr_release(options);
        if (!done)
                kr_sys_fini(sys);
        return done ? KR_OK : KR_ENOMEM;
}
