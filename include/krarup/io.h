/* SPDX-License-Identifier: Apache-2.0 */
/* io.h: input and output of processes, by way of their group leader. Follows OTP's io.
 *
 * Protocol  {io_request, From, ReplyAs, Request} to the device, {io_reply, ReplyAs, Reply} back;
 *           a device is any process that keeps to it. Requests: {put_chars, Encoding, Chars},
 *           {get_line, Encoding, Prompt}, {get_chars, Encoding, Prompt, N}, getopts,
 *           {setopts, Opts}, {get_geometry, columns | rows}, {requests, List};
 *           {put_chars, Encoding, Module, Function, Args}: what that gives, and
 *           {get_until, Encoding, Prompt, Module, Function, Extra}: lines until that says
 *           {done, Result, Rest}. io_lib's format, fwrite, write, print and nl are known (~p is
 *           on one line); other functions are called by name (module.h) in the device's process.
 *           Encoding is unicode or latin1, and may be missing (latin1).
 * User      The process `user` is the device of the program's standard input and output.
 *           It is there once somebody asks (kr_io_start, or the first output of a process
 *           that has no group leader). Who waits for input keeps nobody from writing.
 * Law       Output whose group leader has ended fails; it neither ends the writer nor gets
 *           lost without a word.
 *
 * Callable by processes (attached threads too). All wait for the device, and may not return.
 */
#ifndef KRARUP_IO_H
#define KRARUP_IO_H

#include <krarup/process.h>

/* All zero: standard input and output. */
typedef struct kr_io_opts {
        int input;  /* a descriptor; 0: standard input */
        int output; /* 0: standard output */
} kr_io_opts;

/* kr_err kr_io_print("pattern", ...): a term and a new line: io:format("~p~n", [Term]). */
#define kr_io_print(...) kri_io_print(KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

/* kr_term kr_io_request(device, &slot, "request pattern", ...): any request; gives its Reply,
 * which lives in the slot: {error, terminated} if the device has ended (or is none). On a
 * thread that is no process: none. */
#define kr_io_request(device, slot, ...)                                                 \
        kri_io_request(device, slot, KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

KR_BEGIN_DECLS

/* Start the process `user` of a node. `opts` may be NULL. Any thread that is no process, or a
 * process of that node. KR_EALREADY: it is there; KR_ENOMEM; KR_ESYSTEMLIMIT. */
KR_API KR_MUST_CHECK kr_err kr_io_start(kr_node *node, const kr_io_opts *opts);

/* Who does the input and output of the calling process: its group leader, or `user`. */
KR_API kr_pid kr_io_device(void);

/* Write text, UTF-8, to the device of the calling process.
 * KR_OK       the device has taken it
 * KR_ENOPROC  {error, terminated}: the device has ended
 * KR_EOS      another error: it cannot be written
 * KR_EBADARG  on a thread that is no process */
KR_API kr_err kr_io_put(const char *text);
KR_API kr_err kr_io_put_bytes(const void *text, size_t len);
/* The same in the manner of printf. */
KR_API kr_err kr_io_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Append the next line of input, with its end if it has one, in UTF-8. False: the input is
 * at its end or fails, or no memory. */
KR_API bool kr_io_get_line(const char *prompt, kr_buf *line);

KR_API kr_err kri_io_print(struct kri_site *site, const union kri_arg *args);
KR_API kr_term kri_io_request(kr_pid device, kr_msg *slot, struct kri_site *site,
                              const union kri_arg *args);

KR_END_DECLS
#endif
