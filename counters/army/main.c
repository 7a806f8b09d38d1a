/* SPDX-License-Identifier: Apache-2.0 */
/* army [N]: a million counters (or N), and how long each of six things took with all of them.
 *
 * On a terminal a bar shows how far it is; anywhere else the six lines are all.
 */
#include "counters_army.h"

#include "stage.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BAR 40
#define COUNT_MAX 16000000 /* a node's processes_max has room for these and some more */

static const char *const names[ARMY_PHASES] = {
        "spawn", "tick", "sum", "sqrt", "sum again", "stop",
};

static int64_t count = 1000000; /* constant after main's first lines */

static void draw(const char *name, int64_t n, int64_t of)
{
        static const char full[BAR + 1] = "########################################";
        int len = (int)(n * BAR / of);

        fprintf(stderr, "\r%-10s [%-*.*s]", name, BAR, len, full);
        if (n == of)
                fprintf(stderr, "\r%*s\r", BAR + 13, "");
        fflush(stderr);
}

static void watch(enum army_phase phase, int64_t n, int64_t of)
{
        if (isatty(STDERR_FILENO))
                draw(names[phase], n, of);
}

static void demo(void)
{
        struct army_result result;

        army_run(count, watch, &result);
        for (int phase = 0; phase < ARMY_PHASES; phase++)
                stage_say("%-10s %8.0f ms\n", names[phase], result.took_ms[phase]);
        if (!army_is_right(count, &result))
                kr_exit("wrong_sum");
}

int main(int argc, char **argv)
{
        char *end = NULL;

        if (argc > 1)
                count = strtoll(argv[1], &end, 10);
        if (argc > 2 || (end != NULL && *end != '\0') || count < 1 || count > COUNT_MAX) {
                fprintf(stderr, "usage: %s [1..%d]\n", argv[0], COUNT_MAX);
                return 2;
        }
        return stage_run(demo);
}
