/* SPDX-License-Identifier: Apache-2.0 */
/* io.c: the client's side: requests to a device. */
#include <krarup/io.h>

#include <krarup/link.h>
#include <krarup/memory.h>
#include <krarup/registry.h>
#include <krarup/text.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINE_BYTES 2048
#define START_MS 1000 /* for `user` to begin */

kr_pid kr_io_device(void)
{
        kr_pid leader = kr_group_leader();

        if (!kr_pid_is_none(leader))
                return leader;
        leader = kr_whereis("user");
        if (!kr_pid_is_none(leader) || kr_here() == NULL)
                return leader;
        (void)!kr_io_start(kr_here(), NULL); /* another may be quicker */
        for (int i = 0; i < START_MS && kr_pid_is_none(leader = kr_whereis("user")); i++)
                kr_sleep(1);
        return leader; /* none: it could not start */
}

/* What has no reply is answered by ourselves, so that it comes in a slot like others. */
static void reply_to_self(kr_ref ref, kr_msg *slot)
{
        kr_send(kr_self(), "{io_reply, ~, {error, terminated}}", ref);
        (void)kr_receive(slot, KR_INFINITY, kr_on(0, "{io_reply, =, _}", ref));
}

static void await_reply(kr_ref ref, kr_msg *slot)
{
        enum { REPLY, DOWN };

        if (kr_receive(slot, KR_INFINITY, kr_on(REPLY, "{io_reply, =, _}", ref),
                       kr_on(DOWN, "{'DOWN', =, _, _, _}", ref)) == DOWN)
                reply_to_self(ref, slot);
        else
                (void)kr_demonitor(ref, &(kr_demonitor_opts){ .flush = true });
}

kr_term kri_io_request(kr_pid device, kr_msg *slot, struct kri_site *site,
                       const union kri_arg *args)
{
        kr_term request, reply = kr_none();
        kr_ref ref;

        if (kr_pid_is_none(kr_self()))
                return kr_none();
        if (kr_pid_is_none(device)) {
                reply_to_self(ref = kr_make_ref(), slot);
        } else {
                request = kri_build(site, args);
                ref = kr_monitor(device);
                kr_send(device, "{io_request, ~, ~, ~}", kr_self(), ref, request);
                kr_release(request);
                await_reply(ref, slot);
        }
        (void)kr_match(slot->term, "{io_reply, _, ~}", &reply);
        return reply;
}

kr_err kr_io_put_bytes(const void *text, size_t len)
{
        kr_bytes bytes = { text, len };
        kr_msg slot = KR_MSG_INIT;
        kr_term reply;
        kr_err err;

        if (kr_pid_is_none(kr_self()))
                return KR_EBADARG;
        reply = kr_io_request(kr_io_device(), &slot, "{put_chars, unicode, ~}", bytes);
        if (kr_match(reply, "ok"))
                err = KR_OK;
        else
                err = kr_match(reply, "{error, terminated}") ? KR_ENOPROC : KR_EOS;
        kr_msg_clear(&slot);
        return err;
}

kr_err kr_io_put(const char *text)
{
        return kr_io_put_bytes(text, strlen(text));
}

/* Short texts need no memory. */
static kr_err put_long(const char *format, size_t len, va_list args)
{
        char *text = kr_alloc(len + 1);
        kr_err err;

        if (text == NULL)
                return KR_ENOMEM;
        (void)vsnprintf(text, len + 1, format, args);
        err = kr_io_put_bytes(text, len);
        kr_free(text);
        return err;
}

kr_err kr_io_printf(const char *format, ...)
{
        char text[LINE_BYTES];
        va_list args, again;
        kr_err err;
        int len;

        va_start(args, format);
        va_copy(again, args);
        len = vsnprintf(text, sizeof(text), format, args);
        if (len < 0)
                err = KR_EBADARG;
        else if ((size_t)len < sizeof(text))
                err = kr_io_put_bytes(text, (size_t)len);
        else
                err = put_long(format, (size_t)len, again);
        va_end(again);
        va_end(args);
        return err;
}

kr_err kri_io_print(struct kri_site *site, const union kri_arg *args)
{
        kr_term t = kri_build(site, args);
        kr_buf text = KR_BUF_INIT;
        kr_err err = KR_ENOMEM;

        if (!kr_is_none(t) && kr_print_to(&text, t, NULL) == KR_OK &&
            kr_buf_append(&text, "\n", 1) == KR_OK)
                err = kr_io_put_bytes(text.data, text.len);
        kr_buf_free(&text);
        kr_release(t);
        return err;
}

/* A line comes as a string or as a binary. */
static bool append_line(kr_buf *line, kr_term reply)
{
        kr_bytes bytes;
        size_t size, len;
        bool done;
        char *text;

        if (kr_get_bytes(reply, &bytes))
                return kr_buf_append(line, bytes.data, bytes.len) == KR_OK;
        if (!kr_is_list(reply) || !kr_length(reply, &size))
                return false;
        text = kr_alloc(size * 4 + 1);
        done = text != NULL && kr_get_string(reply, text, size * 4 + 1, &len) &&
               kr_buf_append(line, text, len) == KR_OK;
        kr_free(text);
        return done;
}

bool kr_io_get_line(const char *prompt, kr_buf *line)
{
        kr_msg slot = KR_MSG_INIT;
        bool done = append_line(line, kr_io_request(kr_io_device(), &slot,
                                                    "{get_line, unicode, ~}", prompt));

        kr_msg_clear(&slot);
        return done;
}
