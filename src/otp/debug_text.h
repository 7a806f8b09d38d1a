/* SPDX-License-Identifier: Apache-2.0 */
/* debug_text.h: debug events as text, as OTP's behaviours print them. */
#ifndef KR_OTP_DEBUG_TEXT_H
#define KR_OTP_DEBUG_TEXT_H

#include <krarup/behaviour.h>
#include <krarup/text.h>

/* Append `format`, each ~ in it being the next of the terms. KR_ENOMEM: cut short. */
kr_err kri_debug_say(kr_buf *buf, const char *format, const kr_term *terms);

/* Of gen_statem and of gen_event: see kr_kind.print. */
kr_err kri_statem_print(kr_gen *g, kr_buf *buf, kr_term event, kr_term name);
kr_err kri_event_print(kr_gen *g, kr_buf *buf, kr_term event, kr_term name);

#endif
