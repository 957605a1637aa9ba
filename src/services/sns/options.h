// What an operator gives SNS to reach the world with.
#pragma once

#include <string>

#include "mail/sender.h"

namespace signalbox::sns {

struct Options {
  mail::Sender* mail = nullptr;  // null: there is no SMTP server
  std::string mail_from;         // the address that mail comes from
  std::string sms_gateway;       // URL; "" for none
  std::string push_gateway;      // URL; "" for none
};

}  // namespace signalbox::sns
