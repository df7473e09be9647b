"""stm of the stm32 port: addresses of the STM32F405's (RM0090, table 1 and section 26.6.20)."""

RTC = 0x40002800
RTC_BKP0R = 0x50
