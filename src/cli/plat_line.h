/* SPDX-License-Identifier: Apache-2.0 */
/* plat_line.h: lines from a person: edited, with history and completion where libedit is there
 * (plat_line.c), as the terminal gives them where it is not (plat_line_plain.c).
 *
 * While it waits for a key it also watches another descriptor, so that what comes from there is
 * seen at once: the line is taken away, `ready` writes, the line comes back.
 */
#ifndef KR_CLI_PLAT_LINE_H
#define KR_CLI_PLAT_LINE_H

#include <krarup/term.h>

struct kri_line_opts {
        const char *history; /* file; NULL: none is kept */
        int signals;         /* of kri_signals_open */
        int watched;         /* a descriptor */
        /* It is readable. False: nothing more will come, the line ends. */
        bool (*ready)(void *arg);
        /* What could stand instead of the word that ends `text`: see kri_complete. */
        void (*complete)(void *arg, const char *text, size_t len, kr_buf *ret);
        void *arg;
};

enum kri_line {
        KRI_LINE_READ, /* a line, with its end */
        KRI_LINE_END,  /* the end of input, SIGTERM or SIGHUP, or `ready` gave false */
        KRI_LINE_INTERRUPTED, /* SIGINT: what was typed is gone */
};

/* False: no memory. */
bool kri_line_open(const struct kri_line_opts *opts);
/* *ret is emptied and filled. */
enum kri_line kri_line_read(const char *prompt, kr_buf *ret);
/* Remember what has been typed, several lines as one. */
void kri_line_remember(const char *text, size_t len);
void kri_line_close(void);

#endif
