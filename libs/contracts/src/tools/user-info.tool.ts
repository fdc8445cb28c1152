/** What the channel vouched for of the user. */
export interface UserInfoTool {
  type: 'user_info';
  name: string;
  description: string;
}
