/** The kinds of updates the gateway asks for. Telegram remembers the list for a bot. */
export const allowedUpdates = ['message', 'edited_message', 'callback_query', 'my_chat_member'];
