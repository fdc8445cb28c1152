import { CreateDateColumn, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { MessageEntity } from '../chat/message.entity';

/** A run that was under way when its instance was lost. */
@Entity('lost_runs')
export class LostRunEntity {
  @PrimaryColumn('text')
  @ForeignKey(() => MessageEntity, { onDelete: 'CASCADE' })
  message_id!: string;

  @PrimaryColumn('text')
  instance_id!: string;

  @CreateDateColumn({ type: 'timestamptz' })
  created_at!: Date;
}
