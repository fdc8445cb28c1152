import { IntegerField, StringField, TextListField } from '../field.decorators';
import { ToolBase } from './tool.base';
import { ToolNameField, ToolTypeField } from './tool.fields';

const DOMAIN = {
  items_min: 0,
  items_max: 50,
  max: 253,
  pattern: /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9-]{2,63}$/,
  default: [],
};

/** A search of the web over Tavily, with the operator's key (`TAVILY_API_KEY`). */
export class WebSearchToolDto extends ToolBase {
  @ToolTypeField('web_search')
  type!: 'web_search';

  @ToolNameField('web_search', 'web_search')
  name!: string;

  @StringField({
    description: 'What it does and when to use it, for the model.',
    example: 'Searches the web for what changes daily.',
    min: 1,
    max: 2_000,
    default: 'Searches the web. Answers with titles, addresses and excerpts of pages.',
  })
  description!: string;

  @IntegerField({ description: 'Results a search brings.', example: 5, min: 1, max: 10, default: 5 })
  limit!: number;

  @TextListField({
    ...DOMAIN,
    description: 'Search these domains only; empty for all.',
    example: ['gov.example'],
  })
  include_domains!: string[];

  @TextListField({ ...DOMAIN, description: 'Never bring these domains.', example: ['ads.example'] })
  exclude_domains!: string[];
}
