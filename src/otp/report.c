/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <krarup/link.h>
#include <krarup/message.h>
#include <krarup/proc_lib.h>
#include <krarup/registry.h>
#include <krarup/text.h>

#include <stdio.h>
#include <string.h>

#include "logger.h"

#define MESSAGES_MAX 10   /* of the mailbox, in a crash report */
#define NEIGHBOURS_MAX 15 /* as OTP */

bool kri_report_is_planned(kr_term reason)
{
        return kr_is_that_atom(reason, KR_ATOM("normal")) ||
               kr_is_that_atom(reason, KR_ATOM("shutdown")) ||
               kr_match(reason, "{shutdown, _}");
}

bool kri_report_wanted(kr_log_level level)
{
        return kr_log_is_on(level, NULL);
}

/* Without a logger: errors and worse, one line each. */
static void say_alone(const kr_log_event *event)
{
        struct kri_words line = KRI_WORDS_INIT;

        kri_say(&line, "krarup: ");
        kri_say_bytes(&line, event->text, strlen(event->text));
        if (event->file != NULL)
                kri_say(&line, " (%s:%d)", event->file, event->line);
        kr_node_report(kr_here(), kri_words_text(&line));
        kri_words_clear(&line);
}

static void tell(struct kri_logger *l, uint64_t key, kr_log_level level, kr_term report)
{
        struct kri_words text = KRI_WORDS_INIT, details = KRI_WORDS_INIT;
        kr_log_event event = { .level = level,
                               .name = "",
                               .function = "",
                               .domain = "otp",
                               .report = report,
                               .metadata = kr_none() };

        kri_log_describe(&event, report, &text, &details);
        if (l != NULL) {
                kri_log_repeat_name(l, key, &event);
                kri_logger_event(l, &event, false);
        } else {
                say_alone(&event);
        }
        kri_words_clear(&text);
        kri_words_clear(&details);
}

/* The end of the application controller is told by init, as in OTP. */
static bool is_controller(void)
{
        kr_pid pid = kr_whereis("application_controller");

        return !kr_pid_is_none(pid) && kr_pid_eq(pid, kr_self());
}

static bool is_its_end(kr_term report)
{
        return kr_match(report, "#{label => {gen_server, terminate}}") && is_controller();
}

void kri_report_term(kr_log_level level, kr_term report)
{
        struct kri_logger *l = kri_logger_of(kr_here());
        uint64_t key;

        if (kr_is_none(report) || !kri_report_wanted(level) || is_its_end(report))
                return;
        key = kri_log_key(report);
        if (l == NULL || level > KR_LOG_WARNING || kri_log_repeat_passes(l, key))
                tell(l, key, level, report);
}

void kri_report_built(kr_log_level level, struct kri_site *site,
                      const union kri_arg *args)
{
        kr_term report;

        if (!kri_report_wanted(level))
                return;
        report = kri_build(site, args);
        kri_report_term(level, report);
        kr_release(report);
}

void kri_report_place(kr_log_level level, const char *file, unsigned line,
                      const char *text)
{
        struct kri_logger *l = kri_logger_of(kr_here());
        kr_log_event event = { .level = level,
                               .name = "",
                               .file = file,
                               .line = (int)line,
                               .function = "",
                               .domain = "otp",
                               .report = kr_none(),
                               .text = text,
                               .details = "",
                               .metadata = kr_none() };

        if (!kri_report_wanted(level))
                return;
        if (l != NULL)
                kri_logger_event(l, &event, false);
        else
                say_alone(&event);
}

/* -- states -- */

struct showing {
        kr_term (*show)(void *arg);
        void *arg;
        kr_term term;
};

static void do_show(void *arg)
{
        struct showing *showing = arg;

        showing->term = showing->show(showing->arg);
}

kr_term kri_report_shown(kr_term (*show)(void *arg), void *arg, const char *name)
{
        struct showing showing = { show, arg, kr_none() };
        kr_msg reason = KR_MSG_INIT;
        char text[300];
        kr_class kind;

        if (kr_catch(do_show, &showing, &kind, &reason))
                return showing.term;
        kr_msg_clear(&reason);
        (void)snprintf(text, sizeof(text), "%s crashed", name);
        return kr_string(text, strlen(text));
}

struct fields {
        const struct kr_field *fields;
        const void *state;
};

static kr_term get_fields(void *arg)
{
        const struct fields *f = arg;

        return kr_fields_get(f->fields, f->state);
}

kr_term kri_report_fields(const struct kr_field *fields, const void *state)
{
        return kri_report_shown(get_fields, &(struct fields){ fields, state },
                                "its state is damaged: reading it");
}

/* -- what a crash report says of a process -- */

static void add_pair(kr_builder *list, const char *key, kr_term value)
{
        kr_term pair = kr_build("{~, ~}", kri_atom_of(key), value);

        kr_add_term(list, pair);
        kr_release(pair);
}

/* {Item, Value} as process_info gives it; false: the process has ended. */
static bool add_info(kr_builder *list, kr_pid pid, const char *item)
{
        kr_msg info = KR_MSG_INIT;
        bool there = kr_process_info(pid, kri_atom_of(item), &info);

        if (there)
                kr_add_term(list, info.term);
        kr_msg_clear(&info);
        return there;
}

/* What its dictionary says under this key; gives a new term, or none. */
static kr_term remembered(kr_pid pid, const char *key)
{
        kr_msg info = KR_MSG_INIT;
        kr_term list = kr_nil(), found = kr_none(), value;
        kr_atom wanted = kri_atom_of(key), name;

        if (kr_process_info(pid, KR_ATOM("dictionary"), &info))
                (void)kr_match(info.term, "{dictionary, ~}", &list);
        for (; kr_is_cons(list) && kr_is_none(found); list = kr_tl(list))
                if (kr_match(kr_hd(list), "{~, ~}", &name, &value) &&
                    kr_atom_eq(name, wanted))
                        found = kr_keep(value);
        kr_msg_clear(&info);
        return found;
}

static void add_remembered(kr_builder *list, kr_pid pid, const char *key,
                           const char *name)
{
        kr_term value = remembered(pid, key);

        if (!kr_is_none(value))
                add_pair(list, name, value);
        else if (strcmp(name, "initial_call") == 0)
                (void)add_info(list, pid, "initial_call");
        else
                add_pair(list, name, kr_nil());
        kr_release(value);
}

/* All but what is told elsewhere. */
static void add_dictionary(kr_builder *list)
{
        kr_builder entries = KR_BUILDER_INIT;
        kr_msg info = KR_MSG_INIT;
        kr_term all = kr_nil(), left;

        if (kr_process_info(kr_self(), KR_ATOM("dictionary"), &info))
                (void)kr_match(info.term, "{dictionary, ~}", &all);
        for (; kr_is_cons(all); all = kr_tl(all))
                if (!kr_match(kr_hd(all), "{'$ancestors', _}") &&
                    !kr_match(kr_hd(all), "{'$initial_call', _}"))
                        kr_add_term(&entries, kr_hd(all));
        left = kr_build_list(&entries);
        add_pair(list, "dictionary", left);
        kr_release(left);
        kr_msg_clear(&info);
}

/* The process is about to end: what is taken out of its mailbox nobody misses. */
static void add_messages(kr_builder *list)
{
        kr_builder some = KR_BUILDER_INIT;
        kr_msg msg = KR_MSG_INIT;
        kr_term any, taken;

        for (int i = 0; i < MESSAGES_MAX && kr_receive(&msg, 0, kr_on(0, "~", &any)) == 0;
             i++)
                kr_add_term(&some, any);
        taken = kr_build_list(&some);
        add_pair(list, "messages", taken);
        kr_release(taken);
        kr_msg_clear(&msg);
}

/* {Module, Function, ['Argument__1', ...]}, as OTP shows it; what is not known is not told. */
static void add_initial_call(kr_builder *list)
{
        kr_builder args = KR_BUILDER_INIT;
        kr_term call = kr_initial_call(), dummies, t, module, function;
        int arity = 0;

        if (kr_match(call, "{~, ~, ~}", &module, &function, &arity)) {
                for (int i = 0; i < arity; i++)
                        kr_add_atom(&args, KR_ATOM("Argument__1"));
                dummies = kr_build_list(&args);
                t = kr_build("{initial_call, {~, ~, ~}}", module, function, dummies);
                kr_add_term(list, t);
                kr_release(t);
                kr_release(dummies);
        }
        kr_release(call);
}

/* Gives proc_lib's my_info. */
static kr_term own_info(const char *kind, kr_term reason, kr_term trace)
{
        static const char *const last[] = { "trap_exit", "status", "heap_size",
                                            "stack_size", "reductions" };
        kr_builder list = KR_BUILDER_INIT;
        kr_pid self = kr_self();
        kr_term t = kr_build("{pid, ~}", self);

        add_initial_call(&list);
        kr_add_term(&list, t);
        kr_release(t);
        (void)add_info(&list, self, "registered_name");
        t = kr_build("{error_info, {~, ~, ~}}", kri_atom_of(kind), reason, trace);
        kr_add_term(&list, t);
        kr_release(t);
        t = kr_ancestors();
        add_pair(&list, "ancestors", t);
        kr_release(t);
        (void)add_info(&list, self, "message_queue_len");
        add_messages(&list);
        (void)add_info(&list, self, "links");
        add_dictionary(&list);
        for (size_t i = 0; i < sizeof(last) / sizeof(last[0]); i++)
                (void)add_info(&list, self, last[i]);
        return kr_build_list(&list);
}

/* -- neighbours: who is linked to it, does not trap exits, and so ends as well; and theirs -- */

struct found {
        kr_pid at[NEIGHBOURS_MAX + 1]; /* the process itself first */
        unsigned count;
};

static bool is_found(const struct found *found, kr_pid pid)
{
        for (unsigned i = 0; i < found->count; i++)
                if (kr_pid_eq(found->at[i], pid))
                        return true;
        return false;
}

static bool traps(kr_pid pid)
{
        kr_msg info = KR_MSG_INIT;
        bool traps = true; /* nobody to tell about */

        if (kr_process_info(pid, KR_ATOM("trap_exit"), &info))
                (void)kr_match(info.term, "{trap_exit, ~}", &traps);
        kr_msg_clear(&info);
        return traps;
}

static void find_linked(struct found *found, kr_pid pid)
{
        kr_msg info = KR_MSG_INIT;
        kr_term links = kr_nil();
        kr_pid linked;

        if (kr_process_info(pid, KR_ATOM("links"), &info))
                (void)kr_match(info.term, "{links, ~}", &links);
        for (; kr_is_cons(links) && found->count <= NEIGHBOURS_MAX; links = kr_tl(links))
                if (kr_get_pid(kr_hd(links), &linked) && !is_found(found, linked) &&
                    !traps(linked))
                        found->at[found->count++] = linked;
        kr_msg_clear(&info);
}

static void add_neighbour(kr_builder *list, kr_pid pid)
{
        static const char *const rest[] = { "message_queue_len", "links",
                                            "trap_exit",         "status",
                                            "heap_size",         "stack_size",
                                            "reductions",        "current_stacktrace" };
        kr_builder about = KR_BUILDER_INIT;
        kr_term t = kr_build("{pid, ~}", pid);
        bool there;

        kr_add_term(&about, t);
        kr_release(t);
        (void)add_info(&about, pid, "registered_name");
        add_remembered(&about, pid, "$initial_call", "initial_call");
        (void)add_info(&about, pid, "current_function");
        add_remembered(&about, pid, "$ancestors", "ancestors");
        there = true;
        for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]) && there; i++)
                there = add_info(&about, pid, rest[i]);
        t = kr_build_list(&about);
        if (there)
                add_pair(list, "neighbour", t);
        kr_release(t);
}

static kr_term neighbours_info(void)
{
        struct found found = { .at = { kr_self() }, .count = 1 };
        kr_builder list = KR_BUILDER_INIT;

        for (unsigned i = 0; i < found.count; i++)
                find_linked(&found, found.at[i]);
        for (unsigned i = 1; i < found.count; i++)
                add_neighbour(&list, found.at[i]);
        return kr_build_list(&list);
}

/* -- crashes -- */

/* What tells crashes apart, cheap to find: of a thousand alike one is described. */
static uint64_t crash_key(kr_term reason, kr_term trace)
{
        kr_term call = kr_initial_call();
        kr_term what = kr_build("{crash, ~, ~, ~}", kr_is_none(call) ? kr_nil() : call,
                                reason, trace);
        uint64_t key = kri_log_key(what);

        kr_release(what);
        kr_release(call);
        return key;
}

/* After a fault we run as a clean-up, which must not wait for others' answers. */
static bool is_fault(kr_term reason)
{
        kr_atom name;

        return kr_match(reason, "{~, _}", &name) &&
               (strncmp(kr_atom_text(name, NULL), "sig", 3) == 0 ||
                strcmp(kr_atom_text(name, NULL), "stack_overflow") == 0);
}

static void crash(const char *kind, kr_term reason, kr_term trace)
{
        struct kri_logger *l = kri_logger_of(kr_here());
        uint64_t key = crash_key(reason, trace);
        kr_term own, neighbours, report;

        if (l != NULL && !kri_log_repeat_passes(l, key))
                return;
        own = own_info(kind, reason, trace);
        neighbours = is_fault(reason) ? kr_nil() : neighbours_info();
        report = kr_build("#{label => {proc_lib, crash}, report => [~, ~]}", own,
                          neighbours);
        if (!kr_is_none(report))
                tell(l, key, KR_LOG_ERROR, report);
        kr_release(own);
        kr_release(neighbours);
        kr_release(report);
}

void kri_report_crash(kr_class kind, kr_term reason)
{
        kr_term why, trace;

        if ((kind == KR_CLASS_EXIT && kri_report_is_planned(reason)) ||
            !kri_report_wanted(KR_LOG_ERROR) || is_controller())
                return;
        if (kind == KR_CLASS_ERROR && kr_match(reason, "{~, ~}", &why, &trace))
                crash("error", why, trace);
        else
                crash(kind == KR_CLASS_THROW ? "throw" : "exit", reason, kr_nil());
}

/* -- supervisors -- */

void kri_report_supervisor(const char *context, kr_term supervisor, kr_term reason,
                           kr_term offender)
{
        kri_report(KR_LOG_ERROR,
                   "#{label => {supervisor, ~}, report => [{supervisor, ~},"
                   " {errorContext, ~}, {reason, ~}, {offender, ~}]}",
                   kri_atom_of(context), supervisor, kri_atom_of(context), reason,
                   offender);
}

void kri_report_progress(kr_term supervisor, kr_term child)
{
        kri_report(KR_LOG_INFO,
                   "#{label => {supervisor, progress}, report => [{supervisor, ~},"
                   " {started, ~}]}",
                   supervisor, child);
}
