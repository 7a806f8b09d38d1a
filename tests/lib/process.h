/* SPDX-License-Identifier: Apache-2.0 */
/* process.h: cases that are processes, on a node that must leave nothing behind.
 *
 *      KIT_PROCESS_TEST(test_self_is_alive)
 *      {
 *              kit_true(kr_is_process_alive(kr_self()));
 *      }
 *
 * Model    A fresh node with two schedulers runs the body as a process. The case passes if
 *          that process ends with `normal`, the node then stops within 5 s, and all memory
 *          that the node was given has come back, each block with its size. What the body
 *          spawned may be alive still: stopping the node ends it.
 * Threads  Assertions work in any process.
 */
#ifndef KR_TESTS_PROCESS_H
#define KR_TESTS_PROCESS_H

#include "kit.h"

#include <krarup/node.h>

#define KIT_PROCESS_TEST(name)                                                           \
        static void name##_process(void);                                                \
        KIT_TEST(name)                                                                   \
        {                                                                                \
                kit_run_process(NULL, name##_process);                                   \
        }                                                                                \
        static void name##_process(void)

/* The same body several times: under two schedulers, and in simulation from
 * several seeds, where turns end in places that they seldom end in. */
#define KIT_EVERYWHERE_TEST(name)                                                        \
        static void name##_process(void);                                                \
        KIT_TEST(name)                                                                   \
        {                                                                                \
                kit_run_everywhere(name##_process);                                      \
        }                                                                                \
        static void name##_process(void)

void kit_run_everywhere(void (*body)(void));

/* In simulation only: for what must happen within a time, which a busy machine may miss. */
#define KIT_SIM_TEST(name)                                                               \
        static void name##_process(void);                                                \
        KIT_TEST(name)                                                                   \
        {                                                                                \
                kit_run_process(&(kr_node_opts){ .drive = KR_DRIVE_SIM },                \
                                name##_process);                                         \
        }                                                                                \
        static void name##_process(void)

/* The same with options of one's own (but for the allocator, which is the kit's). A drive
 * of KR_DRIVE_HOST or KR_DRIVE_SIM is stepped until the body has ended. NULL: see above. */
void kit_run_process(const kr_node_opts *opts, void (*body)(void));

/* For cases that drive a node themselves: start one with the kit's allocator, and stop it,
 * checking as above. */
kr_node *kit_node_start(const kr_node_opts *opts);
void kit_node_stop(kr_node *node);

#endif
