/* SPDX-License-Identifier: Apache-2.0 */
#include "ahead.h"

#include <string.h>

#include "plat_mem.h"

#define THREAD_STACK (64u * 1024)

void kri_ahead_init(struct kri_ahead *ahead)
{
        *ahead = (struct kri_ahead){ .lock = KRI_MUTEX_INIT };
}

/* locked */
static void take_out(struct kri_ahead *ahead, uint32_t i)
{
        ahead->count--;
        memmove(&ahead->asked[i], &ahead->asked[i + 1],
                (ahead->count - i) * sizeof(ahead->asked[0]));
}

/* locked; not while it touches */
static void touch_first(struct kri_ahead *ahead)
{
        struct kri_ahead_piece piece = ahead->asked[0];

        ahead->touching = true;
        kri_unlock(&ahead->lock);
        kri_mem_populate(piece.place, piece.size);
        kri_lock(&ahead->lock);
        ahead->touching = false;
        take_out(ahead, 0);
}

static void *ahead_main(void *arg)
{
        struct kri_ahead *ahead = arg;
        bool stop = false;

        kri_thread_name("krarup-ahead");
        while (!stop) {
                uint32_t news = atomic_load(&ahead->news);

                kri_lock(&ahead->lock);
                while (ahead->count > 0 && !ahead->stop)
                        touch_first(ahead);
                stop = ahead->stop;
                kri_unlock(&ahead->lock);
                if (!stop)
                        kri_futex_wait(&ahead->news, news, -1);
        }
        return NULL;
}

static void tell(struct kri_ahead *ahead)
{
        atomic_fetch_add(&ahead->news, 1);
        kri_futex_wake(&ahead->news, 1);
}

/* locked */
static bool has_thread(struct kri_ahead *ahead)
{
        if (ahead->started || ahead->refused)
                return ahead->started;
        ahead->started =
                kri_thread_start(&ahead->thread, ahead_main, ahead, THREAD_STACK) == 0;
        ahead->refused = !ahead->started;
        return ahead->started;
}

void kri_ahead_ask(struct kri_ahead *ahead, void *place, size_t size)
{
        bool asks;

        kri_lock(&ahead->lock);
        asks = ahead->count < KRI_AHEAD_MAX && has_thread(ahead);
        if (asks)
                ahead->asked[ahead->count++] = (struct kri_ahead_piece){ place, size };
        kri_unlock(&ahead->lock);
        if (asks)
                tell(ahead);
}

/* locked; false: it is being touched */
static bool forget(struct kri_ahead *ahead, const void *place)
{
        for (uint32_t i = 0; i < ahead->count; i++) {
                if (ahead->asked[i].place != place)
                        continue;
                if (i == 0 && ahead->touching)
                        return false;
                take_out(ahead, i--);
        }
        return true;
}

/* It lasts some milliseconds at most, and is rare. */
void kri_ahead_cancel(struct kri_ahead *ahead, const void *place)
{
        bool gone = false;

        while (!gone) {
                kri_lock(&ahead->lock);
                gone = forget(ahead, place);
                kri_unlock(&ahead->lock);
                if (!gone)
                        kri_sleep_ns(100000);
        }
}

void kri_ahead_fini(struct kri_ahead *ahead)
{
        kri_lock(&ahead->lock);
        ahead->stop = true;
        kri_unlock(&ahead->lock);
        if (!ahead->started)
                return;
        tell(ahead);
        pthread_join(ahead->thread, NULL);
        ahead->started = false;
}
