/* SPDX-License-Identifier: Apache-2.0 */
/* worker.h: a thread that becomes a process, for calls that block.
 *
 * Model    run(arg) is called as an attached thread of the node: it has a pid and a mailbox.
 *          A thread cannot be killed: it must monitor the process that it works for, look
 *          for its DOWN now and then, and return; so it does when the node stops.
 * Threads  The node's stop waits for the attachment's end, and its release for the thread.
 */
#ifndef KR_OTP_WORKER_H
#define KR_OTP_WORKER_H

#include <krarup/node.h>

/* One for each `key`, which is the address of something static.
 * KR_EALREADY: there is one; KR_ENOMEM; KR_EOS: no thread can be had. */
kr_err kri_worker_start(kr_node *node, const void *key, void (*run)(void *arg),
                        void *arg);

#endif
