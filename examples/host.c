/* SPDX-License-Identifier: Apache-2.0 */
#include <krarup.h>
#include <poll.h>
#include <stdio.h>

static bool done;

static void count_down(int64_t left)
{
        for (; left > 0; left--) {
                printf("%d\n", (int)left);
                kr_sleep(50);
        }
        done = true;
}

int main(void)
{
        kr_node *node;

        if (kr_node_start(&(kr_node_opts){ .drive = KR_DRIVE_HOST }, &node) != KR_OK)
                return 1;
        kr_node_spawn(node, count_down, 3);
        while (!done) {
                struct pollfd fds[] = { { .fd = kr_node_fd(node), .events = POLLIN } };

                poll(fds, 1, -1); /* and whatever else the program waits for */
                kr_node_run(node);
        }
        return kr_node_stop(node, KR_INFINITY);
}
