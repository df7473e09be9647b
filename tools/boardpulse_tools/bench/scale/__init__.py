"""How cost a message, memory a device, scrapes and the start grow with the number of devices."""
