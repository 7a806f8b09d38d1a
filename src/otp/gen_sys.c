/* SPDX-License-Identifier: Apache-2.0 */
/* gen_sys.c: what sys asks of a behaviour's process: its kind knows, or the fields of the
 * state do. */
#include "gen.h"
#include "moving.h"
#include "sys.h"

#include <krarup/fields.h>
#include <krarup/text.h>

#include <string.h>

static const kr_kind *kind_of(kr_gen *g)
{
        return kr_gen_module(g)->kind;
}

static const struct kr_field *fields_of(kr_gen *g)
{
        const struct kr_field *const *fields = kr_gen_module(g)->fields;

        return fields ? *fields : NULL;
}

static void terminate(void *record, kr_term reason)
{
        kind_of(record)->terminate(record, KR_CLASS_EXIT, reason);
}

static kr_term get_state(void *record)
{
        kr_gen *g = record;

        if (kind_of(g)->get_state)
                return kind_of(g)->get_state(g);
        if (fields_of(g))
                return kr_fields_get(fields_of(g), kr_gen_state(g));
        return kr_build("{undeclared, ~}", kr_gen_module(g)->state_size);
}

static kr_term replace_state(void *record, kr_term state)
{
        const struct kr_field *field = NULL;
        kr_gen *g = record;

        if (kind_of(g)->replace_state)
                return kind_of(g)->replace_state(g, state);
        if (!fields_of(g))
                kr_error("{bad_state, undeclared}");
        switch (kr_fields_set(fields_of(g), kr_gen_state(g), state, &field)) {
        case KR_OK:
                return get_state(g);
        case KR_ENOMEM:
                kr_error("enomem");
        default:
                kr_error("{bad_state, ~}",
                         field ? kri_atom_of(field->name) : KR_ATOM("fields"));
        }
}

static void *state_of(void *record, size_t *ret_size)
{
        *ret_size = kr_gen_module(record)->state_size;
        return kr_gen_state(record);
}

static kr_err code_change(void *record, kr_term module, kr_term old_version,
                          kr_term extra, kr_msg *ret_reason)
{
        kr_gen *g = record;
        kr_term reason = kr_none();
        kr_err err = kri_gen_change_code(g, extra, &reason);

        if (err == KR_EIGNORED && kind_of(g)->module_change)
                err = kind_of(g)->module_change(g, module, old_version, extra,
                                                ret_reason);
        else if (err == KR_EIGNORED && kind_of(g)->code_change)
                err = kind_of(g)->code_change(g, old_version, extra, ret_reason);
        else if (err == KR_EFAILED)
                kr_raise_given(KR_CLASS_THROW, reason); /* {error, Reason} */
        if (err == KR_EIGNORED)
                kr_error("undef");
        return err;
}

static kr_term name_of(void *record)
{
        return kr_gen_name(record);
}

static kr_err print(void *record, kr_buf *buf, kr_term event, kr_term name)
{
        if (kind_of(record)->print)
                return kind_of(record)->print(record, buf, event, name);
        return kri_sys_event_text(buf, event, name);
}

/* -- Misc of get_status, as OTP's behaviours lay it out -- */

static const char *title_of(const kr_kind *kind)
{
        if (strcmp(kind->name, "gen_statem") == 0)
                return "Status for state machine";
        if (strcmp(kind->name, "gen_event") == 0)
                return "Status for event handler";
        return "Status for generic server";
}

/* A string with the name in it if the name is an atom or a pid, else {Title, Name}. */
static kr_term header_of(kr_gen *g)
{
        const char *title = title_of(kind_of(g));
        kr_term name = kr_gen_name(g), text, t;
        kr_builder b = KR_BUILDER_INIT;
        char line[1200];
        int len;

        if (!kr_is_atom(name) && !kr_is_pid(name)) {
                text = kr_string(title, strlen(title));
                t = kr_build("{~, ~}", text, name);
                kr_release(text);
                return t;
        }
        len = (int)strlen(title);
        memcpy(line, title, (size_t)len);
        line[len++] = ' ';
        (void)kr_format(line + len, sizeof(line) - (size_t)len, name);
        kr_add_string(&b, line, strlen(line));
        t = kr_build_list(&b);
        text = kr_is_cons(t) ? kr_keep(kr_hd(t)) : kr_none();
        kr_release(t);
        return text;
}

static kr_term specific_of(kr_gen *g)
{
        kr_term state, t;

        if (kind_of(g)->status)
                return kind_of(g)->status(g);
        state = get_state(g);
        t = kr_build("[{data, [{\"State\", ~}]}]", state);
        kr_release(state);
        return t;
}

static kr_term status(void *record, const kr_sys *sys)
{
        kr_term header, log, specific, t;
        kr_gen *g = record;

        header = header_of(g);
        log = kr_sys_get_log(sys);
        specific = specific_of(g);
        t = kr_build("[{header, ~}, {data, [{\"Status\", ~}, {\"Parent\", ~}, "
                     "{\"Logged events\", ~}]} | ~]",
                     header, sys->suspended ? KR_ATOM("suspended") : KR_ATOM("running"),
                     kr_gen_parent(g), log, specific);
        kr_release(specific);
        kr_release(log);
        kr_release(header);
        return t;
}

const kr_sys_callbacks kri_gen_sys = { .terminate = terminate,
                                       .get_state = get_state,
                                       .replace_state = replace_state,
                                       .state = state_of,
                                       .code_change = code_change,
                                       .status = status,
                                       .name = name_of,
                                       .print = print };

/* -- in the process's record -- */

/* Made when it is first needed; NULL: no memory. */
static kr_sys *sys_of(kr_gen *g)
{
        struct kri_more *more = kri_born_more(&g->born);

        if (more && !more->sys.callbacks)
                more->sys = (kr_sys){ .callbacks = &kri_gen_sys,
                                      .module = kind_of(g)->name,
                                      .record = g,
                                      .parent = kr_gen_parent(g) };
        return more ? &more->sys : NULL;
}

void kri_gen_system(kr_gen *g, kr_gen_in *in)
{
        kr_term reason;
        kr_sys *sys;

        if (kr_pid_is_none(in->from.pid))
                return; /* nobody to answer */
        if (!g->born.more && kr_match(in->term, "{terminate, ~}", &reason)) {
                kr_reply_to(in->from, "ok"); /* it takes no more to stop most */
                terminate(g, reason);
        }
        if (kri_gen_moves(g, in->from, in->term))
                return;
        sys = sys_of(g);
        if (sys)
                (void)kr_sys_handle_request(sys, in->from, in->term);
        else
                kr_reply_to(in->from, "{error, enomem}");
        if (kr_loop_record(&kri_gen_loop) != g) /* code_change: g is no more */
                kr_become_loop(&kri_gen_loop, kr_loop_record(&kri_gen_loop));
}

void kri_gen_sys_options(kr_gen *g, const char *text)
{
        kr_sys *sys = text ? sys_of(g) : NULL;
        kr_err err = sys ? kr_sys_debug_options(sys, text) : KR_OK;

        (void)err; /* OTP passes over options that are none */
}

void kri_gen_sys_ended(struct kri_more *more)
{
        kr_sys_fini(&more->sys);
}

bool kri_gen_debugs(const kr_gen *g)
{
        return g->born.more && g->born.more->sys.debug;
}

void kri_gen_debug(kr_gen *g, struct kri_site *site, const union kri_arg *args)
{
        kri_sys_debug(&g->born.more->sys, site, args);
}
