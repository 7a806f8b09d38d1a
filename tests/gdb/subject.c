/* SPDX-License-Identifier: Apache-2.0 */
/* subject.c: a program for the debugger to look at: processes that wait, and what they have
 * not received. Stops itself with SIGTRAP when all is in place. */
#include <krarup.h>

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static volatile int heard; /* so that calls stay calls */

__attribute__((noinline)) static void hear(kr_msg *msg)
{
        kr_receive(msg, KR_INFINITY, kr_on(1, "never"));
        heard++;
}

static void wait_inside(void)
{
        kr_msg msg = KR_MSG_INIT;

        hear(&msg);
        heard++;
}

static void wait_at_top(void)
{
        kr_msg msg = KR_MSG_INIT;

        (void)kr_receive_top(&msg, KR_INFINITY, kr_on(1, "never"));
}

static void conduct(void)
{
        kr_pid one = kr_spawn(wait_inside);

        kr_register("listener", one);
        (void)kr_spawn(wait_at_top);
        kr_send(one, "{tick, -5, [1, 2 | 'Tail'], \"text\", <<\"bytes\">>, 1.5}");
        kr_send(one, "#{key => {}, 2 => 100000000000000000000}");
        kr_sleep(100);
        raise(SIGTRAP);
}

int main(void)
{
        kr_node *node;

        if (kr_node_start(&(kr_node_opts){ .schedulers = 1 }, &node) != KR_OK)
                return EXIT_FAILURE;
        (void)kr_node_spawn(node, conduct);
        sleep(60);
        return EXIT_FAILURE;
}
