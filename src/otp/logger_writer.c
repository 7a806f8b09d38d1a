/* SPDX-License-Identifier: Apache-2.0 */
/* logger_writer.c: the process of a handler: writes to a file or a descriptor.
 *
 * Model    Events come as {log, Text}, laid out already. What is there is put together and
 *          written at once. What cannot be written now (a pipe that nobody reads) is tried
 *          again later: nobody but those that log too much waits for it. What cannot be written at
 *          all (a full disk) is counted, and told with the reason when writing works again.
 * Load     `queued` counts what was sent and is not written. Senders look at it: beyond
 *          sync_mode_qlen they wait, beyond drop_mode_qlen they drop. The process throws
 *          away what waits when that is more than flush_qlen, and what comes in a burst.
 */
#include "logger.h"

#include <krarup/link.h>
#include <krarup/memory.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_BYTES 65536
#define RETRY_MS 5
#define SYNC_MS 5000
#define IDLE_MS 1000
#define PATH_BYTES 4096

struct start {
        struct kri_log_handler *h;
};

struct writer {
        struct kr_loop_head head;
        struct kri_log_handler *h;
        int fd;              /* -1: the file is not open */
        uint64_t file_bytes; /* written to it */
        int64_t burst_since_ms;
        uint32_t burst_count; /* events since */
        uint64_t lost;        /* not written, and not told yet */
        int error;            /* errno of what failed since; 0: it was only too much */
        bool torn;            /* the last line in the file lacks its end */
};

/* -- files -- */

static void open_file(struct writer *w)
{
        const kr_log_handler *config = &w->h->config;

        if (config->file == NULL)
                return;
        if (w->fd >= 0 && kri_plat_is_same_file(w->fd, config->file))
                return;
        kri_plat_close(w->fd); /* somebody took it away: rotated from outside */
        w->torn = false;
        w->fd = kri_plat_open_append(config->file, &w->file_bytes);
        if (w->fd < 0)
                w->error = errno;
}

/* file -> file.0 -> file.1 ...; the last one goes. What fails here leaves a file that is too
 * long, and is tried again with the next events. */
static void rotate(struct writer *w)
{
        const kr_log_handler *config = &w->h->config;
        char from[PATH_BYTES], to[PATH_BYTES];

        if (config->files_max == 0) {
                if (kri_plat_truncate(config->file) == 0)
                        w->file_bytes = 0;
                return;
        }
        for (unsigned i = config->files_max; i-- > 0;) {
                if (i == 0)
                        (void)snprintf(from, sizeof(from), "%s", config->file);
                else
                        (void)snprintf(from, sizeof(from), "%s.%u", config->file, i - 1);
                (void)snprintf(to, sizeof(to), "%s.%u", config->file, i);
                (void)kri_plat_rename(from, to);
        }
        kri_plat_close(w->fd);
        w->fd = -1;
        open_file(w);
}

/* -- writing -- */

/* However long it takes. False: the rest cannot be written at all. */
static bool write_data(struct writer *w, const char *data, size_t len)
{
        size_t done = 0;

        while (done < len) {
                int64_t n = kri_plat_write_some(w->fd, data + done, len - done);

                if (n < 0) {
                        w->error = errno;
                        return false;
                }
                w->file_bytes += (size_t)n;
                done += (size_t)n;
                if (n > 0)
                        w->torn = data[done - 1] != '\n';
                else
                        kr_sleep(RETRY_MS);
        }
        return true;
}

/* What cannot be written is lost, and told when writing works again, on a line of its own. */
static bool write_all(struct writer *w, const kr_buf *batch)
{
        return (!w->torn || write_data(w, "\n", 1)) &&
               write_data(w, batch->data, batch->len);
}

/* False: not all of it has been written. */
static bool write_batch(struct writer *w, const kr_buf *batch)
{
        const kr_log_handler *config = &w->h->config;

        if (batch->len == 0)
                return true;
        open_file(w);
        if (config->file != NULL && config->file_bytes_max > 0 && w->fd >= 0 &&
            w->file_bytes > 0 && w->file_bytes + batch->len > config->file_bytes_max)
                rotate(w);
        return w->fd >= 0 && write_all(w, batch);
}

/* -- events -- */

/* Too many of them in this window? */
static bool is_burst(struct writer *w)
{
        const kr_log_handler *config = &w->h->config;
        int64_t now_ms = kr_monotonic_ms(NULL);

        if (now_ms - w->burst_since_ms >= config->burst_limit_window_ms) {
                w->burst_since_ms = now_ms;
                w->burst_count = 0;
        }
        return ++w->burst_count > config->burst_limit_max_count;
}

static void append(struct writer *w, kr_buf *batch, kr_bytes text)
{
        if (is_burst(w) || kr_buf_append(batch, text.data, text.len) != KR_OK)
                w->lost++;
}

/* False: there is nothing that could be told. */
static bool append_loss(struct writer *w, kr_buf *batch)
{
        struct kri_words line = KRI_WORDS_INIT;
        char text[256];
        kr_log_event event = { .level = KR_LOG_WARNING,
                               .time_ns = kr_system_time_ns(NULL),
                               .name = "",
                               .function = "",
                               .domain = "otp",
                               .report = kr_none(),
                               .text = text,
                               .details = "",
                               .metadata = kr_none() };
        bool told;

        w->lost += atomic_exchange(&w->h->dropped, 0);
        if (w->lost == 0)
                return false;
        (void)snprintf(text, sizeof(text), "%llu events were not logged: %s",
                       (unsigned long long)w->lost,
                       w->error != 0 ? strerror(w->error)
                                     : "more came than could be written");
        kri_log_layout(&w->h->config, w->h->colour, &event, &line);
        told = kr_buf_append(batch, line.buf.data, line.buf.len) == KR_OK && !line.failed;
        kri_words_clear(&line);
        return told;
}

/* The rest of what waits, up to a batch; returns how many events it took out. */
static uint32_t take_waiting(struct writer *w, kr_buf *batch, bool flush)
{
        kr_msg msg = KR_MSG_INIT;
        uint32_t count = 0;
        kr_bytes text;

        while ((flush || batch->len < BATCH_BYTES) &&
               kr_receive(&msg, 0, kr_on(0, "{log, ~}", &text)) == 0) {
                if (flush)
                        w->lost++;
                else
                        append(w, batch, text);
                count++;
        }
        kr_msg_clear(&msg);
        return count;
}

static void handle(struct writer *w, kr_bytes first)
{
        const kr_log_handler *config = &w->h->config;
        kr_buf batch = KR_BUF_INIT;
        uint32_t count = 1;
        bool flush = atomic_load(&w->h->queued) > config->flush_qlen;

        append(w, &batch, first);
        count += take_waiting(w, &batch, flush);
        if (!write_batch(w, &batch))
                w->lost += count;
        kr_buf_free(&batch);
        atomic_fetch_sub(&w->h->queued, count);
}

/* What was lost is told once the rush is over, or there is room again: until it has been. */
static void tell_loss(struct writer *w)
{
        kr_buf batch = KR_BUF_INIT;

        if (append_loss(w, &batch) && write_batch(w, &batch)) {
                w->lost = 0;
                w->error = 0;
        }
        kr_buf_free(&batch);
}

static bool has_lost(struct writer *w)
{
        return w->lost > 0 || atomic_load(&w->h->dropped) > 0;
}

static bool is_removed(struct kri_log_handler *h)
{
        bool removed;

        kri_plat_lock_take(&h->logger->lock);
        removed = !h->in_use;
        kri_plat_lock_give(&h->logger->lock);
        return removed;
}

/* Nothing has come for a while: what is still counted was sent by nobody, such as a process
 * that was killed before it sent. */
static void settle(struct writer *w)
{
        tell_loss(w);
        atomic_store(&w->h->queued, 0);
}

static void handle_next(struct writer *w)
{
        enum { LOG, SYNC, OTHER };
        bool busy = has_lost(w) || atomic_load(&w->h->queued) > 0;
        kr_msg msg = KR_MSG_INIT;
        kr_bytes text;
        kr_ref ref;

        switch (kr_receive_top(&msg, busy ? IDLE_MS : KR_INFINITY,
                               kr_on(LOG, "{log, ~}", &text),
                               kr_on(SYNC, "{sync, ~}", &ref), kr_on(OTHER, "_"))) {
        case LOG:
                handle(w, text);
                break;
        case SYNC:
                kr_send(ref, "{~, synced}", ref);
                break;
        case KR_TIMEOUT:
                settle(w);
                break;
        default:
                break; /* that it is removed is seen below; others are not for us */
        }
        kr_msg_clear(&msg);
}

static void write_events(void *record)
{
        struct writer *w = record;

        while (!is_removed(w->h))
                handle_next(w);
}

/* However the process ends: its file is closed, and the handler may go. */
static void end_writer(void *record, kr_term reason, bool fault)
{
        struct writer *w = record;

        (void)reason;
        (void)fault;
        if (w->h->config.file != NULL)
                kri_plat_close(w->fd);
        atomic_store(&w->h->queued, 0);
        kri_log_handler_unref(w->h);
}

static const kr_loop loop = { .name = "logger_writer",
                              .run = write_events,
                              .ended = end_writer };

/* Where what there is to say goes to the writer's own handler, it does not come here. */
static void run_writer(struct start *start)
{
        struct kri_log_handler *h = start->h;
        struct writer *w = kr_calloc(1, sizeof(*w));
        kr_pid logger;

        if (w == NULL) {
                kri_log_handler_unref(h);
                return;
        }
        w->h = h;
        w->fd = h->config.file != NULL ? -1 : h->config.fd;
        kri_plat_lock_take(&h->logger->lock);
        h->pid = kr_self();
        logger = h->logger->pid;
        kri_plat_lock_give(&h->logger->lock);
        if (!kr_pid_is_none(logger))
                kr_send(logger, "{writer, ~}", kr_self());
        kr_become_loop(&loop, w);
}

kr_pid kri_log_writer_start(struct kri_log_handler *h)
{
        kr_pid pid;

        atomic_fetch_add(&h->refs, 1);
        pid = kr_node_spawn(h->logger->node, run_writer, &(struct start){ h });
        if (kr_pid_is_none(pid)) {
                kri_log_handler_unref(h);
                return pid;
        }
        kri_plat_lock_take(&h->logger->lock);
        h->pid = pid;
        kri_plat_lock_give(&h->logger->lock);
        return pid;
}

/* -- senders -- */

/* Until it has written what it has got; not for ever. */
static void await_writer(kr_pid pid)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref = kr_monitor_alias(pid, KR_ALIAS_REPLY_DEMONITOR, NULL);

        kr_send(pid, "{sync, ~}", ref);
        (void)kr_receive(&msg, SYNC_MS, kr_on(0, "{=, synced}", ref),
                         kr_on(1, "{'DOWN', =, _, _, _}", ref));
        (void)kr_demonitor(ref, &(kr_demonitor_opts){ .flush = true });
        (void)kr_unalias(ref);
        kr_msg_clear(&msg);
}

void kri_log_writer_send(struct kri_log_handler *h, kr_pid pid, const kr_log_event *event,
                         bool may_wait)
{
        struct kri_words out = KRI_WORDS_INIT;
        uint32_t queued = atomic_load_explicit(&h->queued, memory_order_relaxed);

        if (queued >= h->config.drop_mode_qlen || kr_pid_is_none(pid)) {
                atomic_fetch_add(&h->dropped, 1);
                return;
        }
        kri_log_layout(&h->config, h->colour, event, &out);
        if (out.failed) {
                atomic_fetch_add(&h->dropped, 1);
        } else {
                atomic_fetch_add(&h->queued, 1);
                kr_send(pid, "{log, ~}", ((kr_bytes){ out.buf.data, out.buf.len }));
        }
        kri_words_clear(&out);
        if (may_wait && queued >= h->config.sync_mode_qlen && !kr_pid_eq(pid, kr_self()))
                await_writer(pid);
}
