/** What the Python service filled in from what the channel knew of the user. */
const USER_FIELDS = ['user_id', 'first_name', 'last_name', 'phone_number', 'is_authenticated', 'email'];
const PLACEHOLDER = /\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** Placeholders of the user's data keep their source; all others are the model's to fill in. */
export class Templates {
  readonly names = new Set<string>();

  get schema(): object {
    return {
      type: 'object',
      properties: Object.fromEntries([...this.names].map((name) => [name, { type: 'string' }])),
      required: [...this.names],
      additionalProperties: false,
    };
  }

  of(template: string): string {
    return template.replaceAll(PLACEHOLDER, (_placeholder, name: string) =>
      USER_FIELDS.includes(name) ? userPlaceholder(name) : this.argument(name),
    );
  }

  argument(key: string): string {
    const name = key.replaceAll(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d)/, '_');
    this.names.add(name);
    return `{${name}}`;
  }
}

const userPlaceholder = (name: string): string => (name === 'user_id' ? '{user.id}' : `{user.${name}}`);
