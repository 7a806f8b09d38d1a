/* SPDX-License-Identifier: Apache-2.0 */
/* io_apply.h: functions in requests to a device: what makes the text of an output, and what
 * decides when an input is complete.
 *
 * io_lib's own (format, fwrite, write, print, nl) are known here; others are called by name
 * (kr_apply), in the process of the device, and what they raise is an error of the request.
 */
#ifndef KR_OTP_IO_APPLY_H
#define KR_OTP_IO_APPLY_H

#include <krarup/term.h>

/* The text that Module:Function(Args...) gives, UTF-8. KR_EBADARG: there is no such function, it
 * failed, or gave no characters; KR_ENOMEM. */
kr_err kri_io_text_of(kr_buf *out, kr_term module, kr_term function, kr_term args,
                      bool latin1);

/* Is there such a function for get_until? */
bool kri_io_can_try(kr_term module, kr_term function, kr_term extra);

enum kri_io_until { KRI_IO_DONE, KRI_IO_MORE, KRI_IO_FAILED };

/* Module:Function(Continuation, Data, Extra...) of get_until: DONE: *ret is the result, *ret_rest
 * what is left of the data (eof, or characters); MORE: *ret is the next continuation. New terms.
 * Data is a string, or eof. */
enum kri_io_until kri_io_try(kr_term module, kr_term function, kr_term extra,
                             kr_term continuation, kr_term data, kr_term *ret,
                             kr_term *ret_rest);

#endif
