/* SPDX-License-Identifier: Apache-2.0 */
#include "show.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LIVE_NS 100000000
#define PLAIN_NS 1000000000
#define WIDE 116 /* columns that the long words take, with eight digits each */

static bool terminal, colours;
static bool drawn; /* the live line is on the screen */
static int64_t next_ns;

void show_init(void)
{
        const char *term = getenv("TERM");

        terminal = isatty(STDOUT_FILENO) && term != NULL && strcmp(term, "dumb") != 0;
        colours = terminal && getenv("NO_COLOR") == NULL;
}

static int columns(void)
{
        struct winsize size;

        if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
                return 80;
        return size.ws_col;
}

static void erase(void)
{
        if (drawn)
                printf("\r\033[K");
        drawn = false;
}

/* What must be 0 is green, or red. */
static const char *colour_of(int64_t n)
{
        if (!colours)
                return "";
        return n == 0 ? "\033[32m" : "\033[31m";
}

static void print_line(const struct tally *t, bool wide)
{
        struct tally_sums sums = tally_sums(t);
        int64_t wrong = sums.lost + sums.twice + t->wrong;
        const char *plain = colours ? "\033[0m" : "";

        printf(wide ? "sent %" PRId64 " · acknowledged %" PRId64 " · counted %" PRId64
                    : "sent %" PRId64 " · acked %" PRId64 " · counted %" PRId64,
               sums.sent, sums.acknowledged, sums.counted);
        printf(wide ? " · %slost %" PRId64 " · counted twice %" PRId64
                      "%s · longest pause %" PRId64 " ms"
                    : " · %slost %" PRId64 " · twice %" PRId64 "%s · pause %" PRId64
                      " ms",
               colour_of(wrong), sums.lost, sums.twice, plain, t->pause_ns / 1000000);
}

void show_live(const struct tally *t, int64_t now_ns)
{
        if (now_ns < next_ns)
                return;
        next_ns = now_ns + (terminal ? LIVE_NS : PLAIN_NS);
        erase();
        print_line(t, !terminal || columns() >= WIDE);
        if (!terminal)
                putchar('\n');
        drawn = terminal;
        fflush(stdout);
}

void show_note(const char *text)
{
        erase();
        printf("%s\n", text);
        fflush(stdout);
        next_ns = terminal ? 0 : next_ns;
}

void show_end(const struct tally *t)
{
        struct tally_sums sums = tally_sums(t);
        const char *plain = colours ? "\033[0m" : "";

        erase();
        printf("sent %" PRId64 " · acknowledged %" PRId64 " · counted %" PRId64 "\n",
               sums.sent, sums.acknowledged, sums.counted);
        printf("%slost %" PRId64 " · counted twice %" PRId64 "%s · longest pause %" PRId64
               " ms\n",
               colour_of(sums.lost + sums.twice), sums.lost, sums.twice, plain,
               t->pause_ns / 1000000);
        printf("%" PRId64 " connections broke, %" PRId64
               " ticks were sent again, %" PRId64 " error replies, %" PRId64
               " wrong ones\n",
               t->broken, t->again, t->errors, t->wrong);
        if (sums.sent > sums.acknowledged)
                printf("%" PRId64 " ticks were never acknowledged\n",
                       sums.sent - sums.acknowledged);
        fflush(stdout);
}
