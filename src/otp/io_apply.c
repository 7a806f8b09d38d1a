/* SPDX-License-Identifier: Apache-2.0 */
#include "io_apply.h"

#include <krarup/message.h>
#include <krarup/module.h>
#include <krarup/text.h>

#include "io_chars.h"
#include "io_format.h"

struct call {
        kr_atom module, function;
        kr_term args, result;
};

static void call_it(void *arg)
{
        struct call *call = arg;

        call->result = kr_apply_term(call->module, call->function, call->args);
}

/* Gives a new term; none: it failed. */
static kr_term apply(kr_term module, kr_term function, kr_term args)
{
        struct call call = { .args = args, .result = kr_none() };
        kr_msg raised = KR_MSG_INIT;
        kr_class kind;

        if (!kr_get_atom(module, &call.module) ||
            !kr_get_atom(function, &call.function) || !kr_is_list(args))
                return kr_none();
        if (!kr_catch(call_it, &call, &kind, &raised))
                call.result = kr_none();
        kr_msg_clear(&raised);
        return call.result;
}

/* io_lib's own. False: it is none of them. */
static bool is_known(kr_buf *out, kr_term function, kr_term args, kr_err *ret_err)
{
        kr_term format, list;

        if ((kr_match(function, "format") || kr_match(function, "fwrite")) &&
            kr_match(args, "[~, ~]", &format, &list))
                *ret_err = kri_io_format(out, format, list);
        else if (kr_match(function, "format") && kr_match(args, "[~]", &format))
                *ret_err = kri_io_format(out, format, kr_nil());
        else if (kr_match(function, "write") && kr_match(args, "[~]", &format))
                *ret_err = kri_io_write(out, format);
        else if (kr_match(function, "print") && kr_match(args, "[~]", &format))
                *ret_err = kr_print_to(out, format, NULL);
        else if (kr_match(function, "nl") && kr_is_nil(args))
                *ret_err = kr_buf_append(out, "\n", 1);
        else
                return false;
        return true;
}

kr_err kri_io_text_of(kr_buf *out, kr_term module, kr_term function, kr_term args,
                      bool latin1)
{
        kr_term chars;
        kr_err err;

        if (kr_match(module, "io_lib") && is_known(out, function, args, &err))
                return err;
        chars = apply(module, function, args);
        if (kr_is_none(chars))
                return KR_EBADARG;
        err = kri_io_chars(out, chars, latin1);
        kr_release(chars);
        return err;
}

bool kri_io_can_try(kr_term module, kr_term function, kr_term extra)
{
        kr_atom m, f;
        size_t length;

        return kr_get_atom(module, &m) && kr_get_atom(function, &f) &&
               kr_length(extra, &length) && length < 200 &&
               kr_function_exported(m, f, (int)length + 2);
}

enum kri_io_until kri_io_try(kr_term module, kr_term function, kr_term extra,
                             kr_term continuation, kr_term data, kr_term *ret,
                             kr_term *ret_rest)
{
        kr_term args = kr_build("[~, ~ | ~]", continuation, data, extra);
        kr_term said = kr_is_none(args) ? args : apply(module, function, args);
        kr_term one, two;
        enum kri_io_until until = KRI_IO_FAILED;

        if (!kr_is_none(said) && kr_match(said, "{done, ~, ~}", &one, &two)) {
                *ret = kr_keep(one);
                *ret_rest = kr_keep(two);
                until = KRI_IO_DONE;
        } else if (!kr_is_none(said) && kr_match(said, "{more, ~}", &one)) {
                *ret = kr_keep(one);
                until = KRI_IO_MORE;
        }
        kr_release(said);
        kr_release(args);
        return until;
}
