/* SPDX-License-Identifier: Apache-2.0 */
/* say.h: what the command says to people: plain in a pipe or file, with colours on a terminal
 * (not when NO_COLOR is set), and a line that moves while something takes its time.
 * The first thread, but for kri_complain. */
#ifndef KR_CLI_SAY_H
#define KR_CLI_SAY_H

#include <krarup/base.h>

/* What a command returns to the shell. */
enum { KRI_DONE = 0, KRI_FAILED = 1, KRI_USAGE = 2 };

enum kri_colour { KRI_PLAIN, KRI_BOLD, KRI_GREEN, KRI_YELLOW, KRI_RED, KRI_DIM };

/* Is standard output (error) a terminal that takes colours? */
bool kri_has_colours(bool error);

/* To standard output, as printf. */
void kri_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* In a colour, where there are colours. */
void kri_say_in(enum kri_colour colour, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/* "krarup: ...", a line to standard error. */
void kri_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Something takes its time: on a terminal "building ... " with a moving bar and the seconds,
 * from a thread of its own until kri_busy_end, which takes it away; elsewhere nothing. */
void kri_busy_begin(const char *what);
void kri_busy_end(void);

/* Columns of the terminal; 80 if it is none. */
int kri_columns(void);

/* The nearest of `names` (ends with NULL) to what somebody typed; NULL: none is near. */
const char *kri_nearest(const char *typed, const char *const *names);

#endif
